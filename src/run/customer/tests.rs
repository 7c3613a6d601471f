//! Customers in every form, and what may be wrong with them.

use super::{CustomerError, Customers, LONGEST_RECORD, read_json, to_json};
use crate::model::{FactScope, ServiceId, ServiceSet, Type};
use crate::run::tests::machine;
use crate::run::{Customer, Machine};
use crate::source::Sources;
use crate::value::{DAY, Date, Duration, Micro, Value};
use proptest::prelude::*;
use std::io::{self, Read};

const PLAY: &str = r#"playbook p {
  services { teams "Teams"  exchange "Exchange" }
  facts of the customer {
    agreed : yes/no = no
    seats : int in 0..1_000_000
    score : number to 1 decimal
    spend : money
    plan : one of (trial, paid)
    wishes : set of (migration, training, workshops)
    asked : date
    patience : duration
    contact : text
  }
  facts of each service { enabled : yes/no  usage : percent }
  each service { stage a { -> fine when usage >= 10% and enabled  after 1 year -> fine } end fine success }
  then -> done
  end done success
}"#;

/// The customers, or the mistakes as `line:column message`.
fn json(text: &str) -> Result<Vec<Customer>, Vec<String>> {
    let machine = machine(PLAY);
    let mut sources = Sources::new();
    let file = sources.add("c.json", text);
    let (customers, problems) = read_json(&machine, file, text);
    let shown = |span| {
        let at = sources.position(span);
        format!("{}:{}", at.line, at.column)
    };
    let problems: Vec<String> =
        problems.iter().map(|problem| format!("{} {}", shown(problem.primary.span), problem.message)).collect();
    if problems.is_empty() { Ok(customers) } else { Err(problems) }
}

fn collect<R: io::BufRead>(customers: Customers<'_, R>) -> (Vec<Customer>, Vec<String>) {
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    for customer in customers {
        match customer {
            Ok(customer) => found.push(customer),
            Err(CustomerError::Problem(problem)) => {
                problems.push(format!("{}:{} {}", problem.line, problem.column, problem.diagnostic.message));
            }
            Err(CustomerError::Unreadable(error)) => problems.push(error.to_string()),
        }
    }
    (found, problems)
}

fn csv(text: &str) -> (Vec<Customer>, Vec<String>) {
    collect(Customers::csv(&machine(PLAY), text.as_bytes()))
}

fn lines(text: &str) -> (Vec<Customer>, Vec<String>) {
    collect(Customers::json_lines(&machine(PLAY), text.as_bytes()))
}

#[test]
fn a_customer_in_json() {
    let customers = json(
        r#"{ "id": "contoso", "start": "2020-03-02", "seats": 1e3, "score": -2.5, "spend": 12.30, "plan": "paid",
             "wishes": ["training", "migration"], "asked": "2020-02-29", "patience": "36 hours", "contact": "Søren",
             "services": { "exchange": { "enabled": "no", "usage": "9.999999 %" }, "teams": {} } }"#,
    )
    .unwrap();
    let [customer] = customers.as_slice() else { panic!("one") };
    assert_eq!((customer.id.as_str(), customer.start), ("contoso", Date::parse("2020-03-02")));
    let facts = [
        Value::YesNo(false),
        Value::Number(Micro::whole(1_000)),
        Value::Number(Micro(-2_500_000)),
        Value::Number(Micro(12_300_000)),
        Value::Choice(1),
        Value::Set(0b011),
        Value::Date(Date::parse("2020-02-29").unwrap()),
        Value::Duration(Duration(DAY * 3 / 2)),
        Value::Text("Søren".into()),
    ];
    assert_eq!(customer.facts, facts.map(Some));
    assert_eq!(customer.intended, ServiceSet(0b11));
    assert_eq!(customer.services[1], [Some(Value::YesNo(false)), Some(Value::Number(Micro(9_999_999)))]);
    assert_eq!(customer.services[0], [None, None]);
}

#[test]
fn what_is_left_out_is_its_default_and_null_is_unknown() {
    let customers =
        json(r#"[{"id": "a"}, {"id": "b", "agreed": null}, {"agreed": true, "services": ["teams"]}]"#).unwrap();
    let agreed: Vec<Option<Value>> = customers.iter().map(|customer| customer.facts[0].clone()).collect();
    assert_eq!(agreed, [Some(Value::YesNo(false)), None, Some(Value::YesNo(true))]);
    assert_eq!(customers[2].id, "3");
    assert_eq!(customers[2].intended, ServiceSet(1));
    // One object after another is fine too.
    assert_eq!(json("{\"id\": 7}\n{\"id\": 8}").unwrap()[1].id, "8");
    assert_eq!(json(" \n").unwrap(), []);
}

#[test]
fn mistakes_have_their_places() {
    for (text, expected) in [
        (r#"{"agred": true}"#, "1:2 a customer of this playbook has no field `agred`"),
        (r#"{"usage": 3}"#, "1:2 `usage` is a fact of each service"),
        (r#"{"services": {"teams": {"agreed": true}}}"#, "1:25 `agreed` is a fact of the customer"),
        (r#"{"services": {"temas": {}}}"#, "1:15 `temas` is not a service of this playbook"),
        (r#"{"services": {"teams": 3}}"#, "1:24 what is known of `teams` is an object: a number is not"),
        (r#"{"agreed": 1}"#, "1:12 `agreed` is yes or no: a number is not"),
        (r#"{"seats": 1.5}"#, "1:11 `seats` is a whole number: `1.5` is not"),
        (r#"{"seats": "12"}"#, "1:11 `seats` is a whole number: \"12\" is not"),
        (r#"{"seats": 1000001}"#, "1:11 `seats` lies between 0 and 1000000: 1000001 does not"),
        (r#"{"seats": 1e400}"#, "1:11 `1e400` is too large a number for `seats`"),
        (r#"{"seats": NaN}"#, "1:11 `NaN` is not a number"),
        (r#"{"score": 0.25}"#, "1:11 `score` has at most 1 decimals: `0.25` has more"),
        (r#"{"spend": "12 $"}"#, "1:11 `spend` is an amount of money: \"12 $\" is not"),
        (r#"{"plan": "payed"}"#, "1:10 `payed` is not a value of `plan`"),
        (r#"{"wishes": ["training", "free lunch"]}"#, "1:25 `free lunch` is not a value of `wishes`"),
        (r#"{"asked": "2020-02-30"}"#, "1:11 there is no day `2020-02-30`"),
        (r#"{"start": 20200302}"#, "1:11 `start` is the date of day 0: this is no date"),
        (r#"{"patience": "soon"}"#, "1:14 `patience` is a duration: \"soon\" is not"),
        (r#"{"contact": true}"#, "1:13 `contact` is a text: true or false is not"),
        (
            r#"{"services": {"teams": {"usage": 100.000001}}}"#,
            "1:34 `usage` lies between 0% and 100%: 100.000001% does not",
        ),
        (
            r#"{"services": {"teams": {"usage": 0.0000001}}}"#,
            "1:34 `usage` has at most 6 decimals: `0.0000001` has more",
        ),
        (r#"{"services": {"teams": {"usage": "high"}}}"#, "1:34 `usage` is a percent: \"high\" is not"),
        (
            "{\n  \"id\": \"é\", \"agreed\": true,\n  \"é\": 1, \"agreed\": false}",
            "3:3 a customer of this playbook has no field `é`",
        ),
        (r#"{"agreed": true, "agreed": true}"#, "1:18 `agreed` is here twice"),
        (r#"[{"id": "a"}, {"id": "a"}]"#, "1:22 there is another customer `a` before this one"),
        (r#"{"id": ""}"#, "1:8 the id of a customer is empty"),
        ("3", "1:1 a customer is an object: a number is not"),
        ("[", "1:2 the text ends before its `]`"),
    ] {
        let problems = json(text).expect_err(text);
        assert!(problems.iter().any(|problem| problem == expected), "{text}: {problems:?}");
    }
    // All mistakes of all customers in one go.
    assert_eq!(json(r#"[{"seats": -1, "plan": "x"}, {"agreed": 0}]"#).unwrap_err().len(), 3);
}

#[test]
fn a_table_and_lines_say_the_same_as_json() {
    let table = "\u{feff}id,start,agreed,seats,score,plan,wishes,asked,patience,contact,services.teams.enabled,services.teams.usage,services.exchange.usage\r\n\
        contoso,2020-03-02,yes,12,2.5,paid,\"training, migration\",2020-02-29,5 days,\"Sam \"\"S\"\" Smith,\nBerlin\",TRUE,3,\r\n\
        \r\n\
        fabrikam,,unknown,,,,,,2.5,,,,4%\r\n";
    let rows = "{\"id\": \"contoso\", \"start\": \"2020-03-02\", \"agreed\": true, \"seats\": 12, \"score\": 2.5, \"plan\": \"paid\", \
        \"wishes\": [\"training\", \"migration\"], \"asked\": \"2020-02-29\", \"patience\": 5, \
        \"contact\": \"Sam \\\"S\\\" Smith,\\nBerlin\", \"services\": {\"teams\": {\"enabled\": true, \"usage\": 3}}}\n\n\
        {\"id\": \"fabrikam\", \"agreed\": null, \"patience\": \"60 hours\", \"services\": {\"exchange\": {\"usage\": 4}}}\n";
    let (from_table, problems) = csv(table);
    assert_eq!(problems, [""; 0]);
    let (from_lines, problems) = lines(rows);
    assert_eq!(problems, [""; 0]);
    assert_eq!(from_table, from_lines);
    assert_eq!(from_lines, json(rows).unwrap());
    assert_eq!(from_table.len(), 2);
}

#[test]
fn intended_services_can_be_listed() {
    let intended = |text: &str| csv(text).0.iter().map(|customer| customer.intended.0).collect::<Vec<_>>();
    assert_eq!(intended("id,services\na,teams\nb,teams exchange\nc,\nd,exchange;teams\n"), [1, 3, 0, 3]);
    assert_eq!(intended("id,services.teams,services.exchange.usage\na,yes,3\nb,no,\n"), [1, 0]);
    assert_eq!(intended("id,services.teams.usage,services.exchange.usage\na,unknown,3\nb,,\n"), [3, 0]);
}

#[test]
fn mistakes_in_tables_have_their_places_and_reading_goes_on() {
    let (customers, problems) = csv("id,agreed,services.teams.usage\n\
         a,maybe,high\n\
         b,yes,3,4\n\
         c\n\
         \"d \"x,yes,3\n\
         \"e\n\n\",yes,NaN\n\
         f,yes,3\n\
         f,no,\n");
    assert_eq!(customers.iter().map(|customer| customer.id.as_str()).collect::<Vec<_>>(), ["f"]);
    assert_eq!(
        problems,
        [
            "2:3 `agreed` is yes or no: \"maybe\" is not",
            "2:9 `usage` is a percent: `high` is not",
            "3:9 this row has 4 cells: there are 3 columns",
            "4:2 this row has 1 cells: there are 3 columns",
            "5:1 something follows the closing double quote of this cell",
            "8:7 `usage` is a percent: `NaN` is not",
            "10:1 there is another customer `f` before this one",
        ]
    );
    let (_, problems) = csv("id,id,agred,services.temas.usage,services.teams.usge,,usage\na,b,c,d,e,f,g\n");
    assert_eq!(
        problems,
        [
            "1:4 there are two columns `id`",
            "1:7 a customer of this playbook has no field `agred`",
            "1:13 `temas` is not a service of this playbook",
            "1:34 a service of this playbook has no field `usge`",
            "1:54 a column has no name",
            "1:55 `usage` is a fact of each service",
        ]
    );
    assert_eq!(csv("id,agreed\na,yes\n\"b,no\nc,no\n").1, ["3:1 a double quote opens in this row and never closes"]);
}

#[test]
fn mistakes_in_lines_have_their_places_and_reading_goes_on() {
    let (customers, problems) = lines(
        "{\"id\": \"a\"}\n{\"id\": \"b\", \"seats\": \n\n{\"é\": \"seats\", \"seats\": -1}\n{\"id\": \"a\"}\n{} {}\n{\"id\": \"z\"}",
    );
    assert_eq!(customers.iter().map(|customer| customer.id.as_str()).collect::<Vec<_>>(), ["a", "z"]);
    assert_eq!(
        problems,
        [
            "2:22 the text ends where a value is missing",
            "4:2 a customer of this playbook has no field `é`",
            "4:25 `seats` lies between 0 and 1000000: -1 does not",
            "5:8 there is another customer `a` before this one",
            "6:4 something follows the end of the line's object",
        ]
    );
    let machine = machine(PLAY);
    let bytes: &[u8] = b"{\"id\": \"a\"}\n{\"id\": \"\xff\"}\n{\"id\": \"c\"}";
    let (customers, problems) = collect(Customers::json_lines(&machine, bytes));
    assert_eq!(
        (customers.len(), problems.as_slice()),
        (2, ["2:9 this line is not text in UTF-8".to_owned()].as_slice())
    );
}

#[test]
fn a_problem_is_shown_with_its_line() {
    let machine = machine(PLAY);
    let text = "id,seats\na,1\nb,x\n";
    let error = Customers::csv(&machine, text.as_bytes()).find_map(Result::err).expect("one is wrong");
    let CustomerError::Problem(problem) = error else { panic!("a problem") };
    let mut sources = Sources::new();
    sources.add("play", "");
    let finding = problem.diagnostic(&mut sources, "book.csv");
    let at = sources.position(finding.primary.span);
    assert_eq!((at.line, at.column), (3, 3));
    let source = sources.get(finding.primary.span.file).expect("it was added");
    assert_eq!((source.name.as_str(), source.line(3), sources.text(finding.primary.span)), ("book.csv", "b,x", "x"));
}

/// Bytes without end, made as they are read.
struct Rows {
    row: Vec<u8>,
    at: usize,
    number: u64,
    left: u64,
}

impl Read for Rows {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.at == self.row.len() {
            if self.left == 0 {
                return Ok(0);
            }
            self.left -= 1;
            self.number += 1;
            self.row = format!("customer_{},yes,{}\n", self.number, self.number % 100).into_bytes();
            self.at = 0;
        }
        let count = into.len().min(self.row.len() - self.at);
        into[..count].copy_from_slice(&self.row[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

#[test]
fn many_rows_one_at_a_time() {
    let machine = machine(PLAY);
    let rows = Rows { row: b"id,agreed,services.teams.usage\n".to_vec(), at: 0, number: 0, left: 50_000 };
    let mut count = 0;
    for customer in Customers::csv(&machine, rows) {
        count += usize::from(customer.is_ok());
    }
    assert_eq!(count, 50_000);
}

/// Bytes without line breaks, and then an error.
struct Endless(u64);

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        into.fill(b'x');
        self.0 += into.len() as u64;
        assert!(self.0 < 8 * LONGEST_RECORD as u64, "what is too long is not read on");
        Ok(into.len())
    }
}

#[test]
fn a_line_without_end_does_not_fill_the_memory() {
    let machine = machine(PLAY);
    let reader = io::BufReader::new(Endless(0));
    let (customers, problems) = collect(Customers::json_lines(&machine, reader));
    assert!(customers.is_empty());
    assert_eq!(problems, ["1:1 this line is longer than 1048576 bytes: it describes no customer"]);
    let mut quote = "id\n\"".to_owned();
    quote.push_str(&"x\n".repeat(LONGEST_RECORD));
    assert_eq!(csv(&quote).1, ["2:1 a double quote opens in this row and never closes"]);
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("gone"))
    }
}

#[test]
fn a_stream_that_breaks_is_no_customer() {
    let machine = machine(PLAY);
    let mut customers = Customers::csv(&machine, Broken);
    assert!(matches!(customers.next(), Some(Err(CustomerError::Unreadable(_)))));
    assert!(customers.next().is_none());
}

/// Any customer of the playbook above.
type Facts = Vec<Option<Value>>;

fn any_customer() -> impl Strategy<Value = (String, Facts, Vec<Option<Facts>>, Option<Date>)> {
    let yes = || prop::option::of(any::<bool>().prop_map(Value::YesNo));
    let number = |range: std::ops::Range<i64>, step: i64| {
        prop::option::of(range.prop_map(move |number| Value::Number(Micro(number * step))))
    };
    let date = || (-20_000..40_000_i32).prop_map(Date);
    let facts = (
        yes(),
        number(0..1_000_000, 1_000_000),
        number(-1_000_000..1_000_000, 100_000),
        number(-1_000_000..1_000_000, 10_000),
        prop::option::of((0..2_u16).prop_map(Value::Choice)),
        prop::option::of((1..8_u64).prop_map(Value::Set)),
        prop::option::of(date().prop_map(Value::Date)),
        prop::option::of((0..100_000_000_i64).prop_map(|seconds| Value::Duration(Duration(seconds)))),
        prop::option::of("[a-zé,\"\n]{1,12}".prop_map(|text| Value::Text(text.into()))),
    )
        .prop_map(|(a, b, c, d, e, f, g, h, i)| vec![a, b, c, d, e, f, g, h, i]);
    let service =
        prop::option::of((yes(), number(0..100_000_000, 1)).prop_map(|(enabled, usage)| vec![enabled, usage]));
    (r#"[a-z"][a-z ,"]{0,8}[a-z"]"#, facts, prop::collection::vec(service, 2), prop::option::of(date()))
}

/// As a table of one row; what is unknown says so.
fn as_table(machine: &Machine, customer: &Customer) -> String {
    let playbook = &machine.playbook;
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut columns = vec!["id".to_owned(), "services".to_owned()];
    let services: Vec<&str> =
        customer.intended.iter().map(|service| playbook.services[service.index()].name.as_str()).collect();
    let mut cells = vec![quoted(&customer.id), quoted(&services.join(" "))];
    if let Some(start) = customer.start {
        columns.push("start".to_owned());
        cells.push(start.to_string());
    }
    let mut add = |column: String, fact: &crate::model::Fact, value: Option<&Value>| {
        let cell = match value {
            // An empty cell and a text say nothing of what is unknown.
            None if fact.kind == Type::Text => String::new(),
            None => "unknown".to_owned(),
            Some(Value::Text(text)) => quoted(text),
            Some(Value::Duration(time)) => format!("{} seconds", time.0),
            Some(value) => quoted(&playbook.show(value, &fact.kind)),
        };
        columns.push(column);
        cells.push(cell);
    };
    for fact in &playbook.facts {
        let name = &fact.name.name;
        match fact.scope {
            FactScope::Customer => add(name.clone(), fact, customer.facts[fact.slot].as_ref()),
            FactScope::Service => {
                for service in customer.intended.iter() {
                    let of = &playbook.services[service.index()].name;
                    add(format!("services.{of}.{name}"), fact, customer.services[service.index()][fact.slot].as_ref());
                }
            }
        }
    }
    format!("{}\n{}\n", columns.join(","), cells.join(","))
}

#[test]
fn percents_below_one_are_noted_unless_a_text_says_so() {
    let notes = |text: &str| json(text).err().unwrap_or_default();
    let of = |usage: &str| format!(r#"{{"id": "a", "services": {{"teams": {{"usage": {usage}}}}}}}"#);
    assert_eq!(notes(&of("0.25")), ["1:45 no `usage` here is above 1%: this one is 0.25%"]);
    for fine in ["0", "1", "25", "\"0.25%\"", "null"] {
        assert_eq!(notes(&of(fine)), Vec::<String>::new(), "{fine}");
    }
    assert_eq!(notes(&format!("[{}, {}]", of("0.25"), of("1.5").replace("\"a\"", "\"b\""))), Vec::<String>::new());
    // What is written for others to read does not look like a fraction.
    let machine = machine(PLAY);
    let (customers, _) = read_json(&machine, crate::source::FileId(0), &of("\"0.25%\""));
    let written = to_json(&machine, &customers[0]).to_string();
    assert!(written.contains("\"0.25%\""), "{written}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_customer_is_the_same_in_json_and_as_a_table((id, facts, services, start) in any_customer()) {
        let machine = machine(PLAY);
        let mut customer = Customer::new(&machine, &id);
        customer.facts = facts;
        customer.start = start;
        for (at, facts) in services.into_iter().enumerate() {
            if let Some(facts) = facts {
                customer.services[at] = facts;
                customer.intended = customer.intended.with(ServiceId(at as u32));
            }
        }
        let text = to_json(&machine, &customer).to_string();
        let (read, mut problems) = read_json(&machine, crate::source::FileId(0), &text);
        // Small percents are asked about; that is no problem here.
        problems.retain(|problem| problem.severity != crate::diagnostic::Severity::Note);
        prop_assert!(problems.is_empty(), "{} {:?}", text, problems);
        prop_assert_eq!(&read, &[customer.clone()]);
        let table = as_table(&machine, &customer);
        let (read, problems) = collect(Customers::csv(&machine, table.as_bytes()));
        prop_assert!(problems.is_empty(), "{} {:?}", table, problems);
        prop_assert_eq!(&read, &[customer]);
    }

    #[test]
    fn arbitrary_bytes_are_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let machine = machine(PLAY);
        collect(Customers::csv(&machine, bytes.as_slice()));
        collect(Customers::json_lines(&machine, bytes.as_slice()));
        let text = String::from_utf8_lossy(&bytes);
        let _ = read_json(&machine, crate::source::FileId(0), &text);
    }

    #[test]
    fn almost_tables_are_no_panic(rows in "(id|agreed|services(\\.teams)?(\\.usage)?|[\",\né]){0,30}") {
        collect(Customers::csv(&machine(PLAY), rows.as_bytes()));
    }

    #[test]
    fn almost_customers_are_no_panic(
        text in r#"\{("id": "a", )?("services": (\{"teams": (\{"usage": [0-9e.%"-]{0,6}\}|null)\}|\["teams"\]|3))?("plan": "[a-z]{0,5}")?\}?"#
    ) {
        let _ = json(&text);
    }
}

#[test]
fn what_the_playbook_keeps_is_not_told() {
    let machine = machine(
        "playbook p { services { teams } facts of the customer { k : yes/no = no kept by playbook  n : int kept by playbook }
         facts of each service { s : yes/no = no kept by playbook }
         each service { stage a { set s = yes set k = yes set n = 1 -> fine when s and k and n > 0 } end fine success }
         then -> done end done success }",
    );
    let told = |text: &str| -> Vec<String> {
        let (_, problems) = read_json(&machine, crate::source::FileId(0), text);
        problems.into_iter().map(|problem| problem.message).collect()
    };
    assert_eq!(told("{ \"k\": false, \"n\": null, \"services\": { \"teams\": { \"s\": false } } }"), [""; 0]);
    let only = "and only `set` in a stage changes it";
    assert_eq!(
        told("{ \"k\": true, \"n\": 3, \"services\": { \"teams\": { \"s\": true } } }"),
        [
            format!("`k` is kept by the playbook: it begins with no, {only}"),
            format!("`n` is kept by the playbook: it is unknown at first, {only}"),
            format!("`s` is kept by the playbook: it begins with no, {only}"),
        ]
    );
    let table = Customers::csv(&machine, "id,k,n,services.teams.s\na,no,,no\nb,yes,,\n".as_bytes());
    let (customers, problems) = collect(table);
    assert_eq!(customers.len(), 1);
    assert_eq!(problems, [format!("3:3 `k` is kept by the playbook: it begins with no, {only}")]);
}

#[test]
fn files_in_other_encodings_are_refused_once() {
    let wide = |text: &str| -> Vec<u8> {
        let units = std::iter::once(0xfeff).chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect()
    };
    let machine = machine(PLAY);
    for (bytes, message) in [
        (wide("id,agreed\na,yes\nb,no\n"), "this file is not text in UTF-8"),
        (b"id,agreed\ra,yes\rb,no\r".to_vec(), "the lines of this file end in a carriage return alone"),
    ] {
        let (customers, problems) = collect(Customers::csv(&machine, bytes.as_slice()));
        assert!(customers.is_empty() && problems.len() == 1 && problems[0].contains(message), "{problems:?}");
    }
    let lines = wide("{\"id\":\"a\"}\n{\"id\":\"b\"}\n");
    let (customers, problems) = collect(Customers::json_lines(&machine, lines.as_slice()));
    assert!(customers.is_empty() && problems.len() == 1, "{problems:?}");
}
