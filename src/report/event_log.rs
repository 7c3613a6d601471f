//! The event log of a simulation as CSV, JSON lines and XES.
//!
//! XES is the standard of process mining: IEEE 1849-2016, with the extensions concept, lifecycle, organizational and time.

use crate::model::Playbook;
use crate::run::state::Seconds;
use crate::simulate::log::{LogEntry, Logged};
use crate::value::{DAY, Date, TaskStatus};
use serde_json::{Value, json};

/// A way to write the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A table.
    Csv,
    /// One JSON document a line.
    JsonLines,
    /// XES.
    Xes,
}

/// What lines of the log are made with.
#[derive(Debug, Clone, Copy)]
pub struct LogWriter<'p> {
    /// The playbook.
    pub playbook: &'p Playbook,
    /// The date of day 0 of the scenario; without one, tools that need dates are given [`LogWriter::SOME_MONDAY`].
    pub starts: Option<Date>,
    /// How to write.
    pub format: LogFormat,
    /// In a lifecycle, for which time the customer is in this playbook.
    pub lap: Option<u32>,
}

/// A line in words.
struct Words {
    activity: String,
    kind: &'static str,
    lifecycle: &'static str,
    status: &'static str,
}

impl LogWriter<'_> {
    /// The date of day 0 where the scenario has none: 2001-01-01, a Monday.
    pub const SOME_MONDAY: Date = Date(11_323);

    fn words(&self, what: Logged) -> Words {
        let stage = |id: crate::model::StageId| self.playbook.stages[id.index()].name.name.clone();
        let task = |id: crate::model::TaskId| self.playbook.tasks[id.index()].label();
        let (activity, kind, lifecycle, status) = match what {
            Logged::Entered(id) => (stage(id), "stage", "start", "entered"),
            Logged::Left(id) => (stage(id), "stage", "complete", "left"),
            Logged::Offered(id) => (task(id), "task", "start", "offered"),
            Logged::Settled(id, TaskStatus::Complete) => (task(id), "task", "complete", "complete"),
            Logged::Settled(id, TaskStatus::NotRequired) => (task(id), "task", "manualskip", "not required"),
            Logged::Settled(id, _) => (task(id), "task", "pi_abort", "cancelled"),
            Logged::Ended(id) => (self.playbook.ends[id.index()].name.name.clone(), "end", "complete", "reached"),
        };
        Words { activity, kind, lifecycle, status }
    }

    fn service(&self, entry: &LogEntry) -> Option<&str> {
        entry.service.map(|service| self.playbook.services[service.index()].name.as_str())
    }

    /// `2026-01-05T09:30:00Z`, in the zone of the playbook's calendar.
    fn timestamp(&self, at: Seconds) -> String {
        let date = self.starts.unwrap_or(LogWriter::SOME_MONDAY).plus_days(at.div_euclid(DAY));
        let second = at.rem_euclid(DAY);
        let offset = date.offset(second, &self.playbook.calendar.zone);
        format!("{date}T{:02}:{:02}:{:02}{offset}", second / 3_600, second / 60 % 60, second % 60)
    }

    /// What stands before the first line.
    #[must_use]
    pub fn head(&self) -> String {
        match self.format {
            LogFormat::Csv => {
                let more = if self.lap.is_some() { ",process,lap" } else { "" };
                format!("case,timestamp,day,service,kind,activity,lifecycle,status{more}\n")
            }
            LogFormat::JsonLines => String::new(),
            LogFormat::Xes => concat!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
                "<log xes.version=\"1849-2016\" xes.features=\"\" xmlns=\"http://www.xes-standard.org/\">\n",
                "<extension name=\"Concept\" prefix=\"concept\" uri=\"http://www.xes-standard.org/concept.xesext\"/>\n",
                "<extension name=\"Lifecycle\" prefix=\"lifecycle\" uri=\"http://www.xes-standard.org/lifecycle.xesext\"/>\n",
                "<extension name=\"Time\" prefix=\"time\" uri=\"http://www.xes-standard.org/time.xesext\"/>\n",
            )
            .to_owned(),
        }
    }

    /// One line. In XES the lines of a customer stand in a trace: see [`LogWriter::trace`].
    #[must_use]
    pub fn line(&self, entry: &LogEntry) -> String {
        let Words { activity, kind, lifecycle, status } = self.words(entry.what);
        let (service, timestamp) = (self.service(entry), self.timestamp(entry.at));
        let day = entry.at as f64 / DAY as f64;
        let process = self.playbook.name.name.as_str();
        match self.format {
            LogFormat::Csv => {
                let (case, service) = (cell(&entry.case), service.unwrap_or_default());
                let more = self.lap.map(|lap| format!(",{process},{lap}")).unwrap_or_default();
                format!("{case},{timestamp},{day},{service},{kind},{activity},{lifecycle},{status}{more}\n")
            }
            LogFormat::JsonLines => {
                let mut line = json!({
                    "case": &*entry.case, "timestamp": timestamp, "day": day, "service": service, "kind": kind,
                    "activity": activity, "lifecycle": lifecycle, "status": status,
                });
                if let (Some(lap), Value::Object(fields)) = (self.lap, &mut line) {
                    fields.insert("process".to_owned(), process.into());
                    fields.insert("lap".to_owned(), lap.into());
                }
                format!("{line}\n")
            }
            LogFormat::Xes => {
                let text = |key: &str, value: &str| format!("<string key=\"{key}\" value=\"{}\"/>", escape(value));
                let name = text("concept:name", &activity);
                let stage = text("lifecycle:transition", lifecycle);
                let (kind, status) = (text("kind", kind), text("status", status));
                let service = service.map(|service| text("service", service)).unwrap_or_default();
                let when = format!("<date key=\"time:timestamp\" value=\"{timestamp}\"/>");
                let more =
                    self.lap.map(|lap| format!("{}<int key=\"lap\" value=\"{lap}\"/>", text("process", process)));
                let more = more.unwrap_or_default();
                format!("<event>{name}{stage}{when}{service}{kind}{status}{more}</event>\n")
            }
        }
    }

    /// The beginning of a customer's trace, in XES; else nothing.
    #[must_use]
    pub fn trace(&self, case: &str) -> String {
        match self.format {
            LogFormat::Xes => format!("<trace><string key=\"concept:name\" value=\"{}\"/>\n", escape(case)),
            LogFormat::Csv | LogFormat::JsonLines => String::new(),
        }
    }

    /// The end of a customer's trace.
    #[must_use]
    pub fn end_of_trace(&self) -> &'static str {
        if self.format == LogFormat::Xes { "</trace>\n" } else { "" }
    }

    /// What stands after the last line.
    #[must_use]
    pub fn tail(&self) -> &'static str {
        if self.format == LogFormat::Xes { "</log>\n" } else { "" }
    }
}

/// A cell of a table, quoted where it has to be.
fn cell(text: &str) -> String {
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

fn escape(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            character if character < ' ' => {}
            character => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_monday() {
        assert_eq!(LogWriter::SOME_MONDAY.to_string(), "2001-01-01");
        assert_eq!(LogWriter::SOME_MONDAY.weekday(), 0);
    }

    #[test]
    fn names_of_customers_do_not_break_the_file() {
        assert_eq!(cell("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(escape("a<b>&\"c\"\u{1}"), "a&lt;b&gt;&amp;&quot;c&quot;");
    }
}
