//! Claims that fail only in a corner, and claims that only look as if they did.

use super::{document, verdicts};
use crate::run::monitor::{Monitor, Verdict as Seen};
use crate::run::timeline::follow;
use crate::run::{Customer, Machine};

/// Verdicts on the properties of a playbook, as `name verdict`.
fn told(text: &str) -> Vec<String> {
    verdicts(text).into_iter().map(|(name, word)| format!("{name} {word}")).collect()
}

/// A playbook of one stage and a service, with this in the stage and these properties after it.
fn stage(facts: &str, body: &str, properties: &str) -> String {
    format!(
        "playbook p {{ services {{ a \"A\" b \"B\" }} events {{ call \"Call\" ring \"Ring\" }} {facts}
           each service {{ start -> work stage work {{ {body} }} end good success end bad failure }}
           then -> finished end finished success }}
         {properties}"
    )
}

/// A blocker of the customer, raised before the services are followed, can be resolved while they are.
#[test]
fn blocked_before_the_services_begin() {
    let text = "playbook p {
         services { a \"A\" }
         start -> first
         stage first { task 1 optional \"One\"  -> tracks }
         each service as tracks {
           start -> work
           stage work { task 2 mandatory \"Two\"  -> good  on blocker -> fix }
           stage fix { on resolved -> resume work  after 30 days -> bad }
           end good success  end bad failure
         }
         then -> finished
         end finished success
       }";
    let told = told(text);
    assert!(told.iter().all(|told| told.ends_with(" proved")), "{told:?}");
}

/// A claim that is `always` made is broken by what is not known: this is not true.
#[test]
fn always_is_more_than_never_the_contrary() {
    let text = "playbook p {
         facts of the customer { signed : yes/no fixed  seats : int in 1..100 fixed = 5 }
         stage s { -> good when signed  -> bad when not signed  after 10 days -> good }
         end good success  end bad failure
       }
       property signed: always signed while at good
       property never_not: never not signed while at good
       property known: always signed while at good assuming not unknown signed
       property seats: always seats >= 1";
    assert_eq!(told(text), ["signed refuted", "never_not proved", "known proved", "seats proved"]);
}

#[test]
fn boundaries() {
    let text = stage(
        "facts of each service { seats : int in 0..5_000  usage : percent }",
        "-> good when seats > 1_000 and usage >= 10%  -> good when seats < 1_000  -> bad when seats = 1_000 and usage >= 10%
         after 90 days -> bad",
        "property large_is_good: never at bad while seats > 1_000 and usage >= 10%
         property never_bad_with_usage: never at bad while usage >= 10%
         property just_below: never at bad while usage >= 10% and seats < 1_000
         property soon: eventually at (good, bad) within 90 days
         property sooner: eventually at (good, bad) within 89 days",
    );
    // A customer may have been measured at the very end: who makes it on the last day has made it.
    assert_eq!(
        told(&text),
        ["large_is_good proved", "never_bad_with_usage refuted", "just_below proved", "soon proved", "sooner refuted"]
    );
}

/// The fact has to come late, behind a task that cannot: of the ways to the next stage only one takes so long.
#[test]
fn late_in_one_order_only() {
    let text = "playbook p {
         facts of the customer { ok : yes/no }
         start -> s
         stage s { task 1 mandatory \"One\" due within 5 days  -> t when ok  after 30 days -> bad }
         stage t { task 2 mandatory \"Two\" due within 10 days  -> good }
         end good success  end bad failure
       }
       property late: eventually end within 40 days assuming tasks meet due
       property early: eventually end within 39 days assuming tasks meet due";
    assert_eq!(told(text), ["late proved", "early refuted"]);
}

#[test]
fn one_instant() {
    // The limit comes after what is said on its day: nobody is bad who was called on that day.
    let text = stage(
        "",
        "on call -> good  after 30 days -> bad",
        "property called: never at bad while happened call
         property rang: never at bad while happened ring",
    );
    assert_eq!(told(&text), ["called proved", "rang refuted"]);
}

/// Who is called at the very instant a limit is due has been called in time, and has been there for as long as that: what is
/// said comes before anything that is due.
#[test]
fn said_at_the_instant_of_a_limit() {
    let text = |guard: &str| {
        stage(
            "facts of each service { f : yes/no = no }",
            &format!("on call when {guard} -> good  after 2 days -> bad"),
            "property never_good: never at good while f = f",
        )
    };
    assert_eq!(told(&text("in this stage for 2 days")), ["never_good refuted"]);
    assert_eq!(told(&text("in this stage for 1 day")), ["never_good refuted"]);
    assert_eq!(told(&text("in this stage for 3 days")), ["never_good proved"]);
    // A value that is set may look at the time as well.
    let set = stage(
        "facts of each service { k : yes/no = no kept by playbook }",
        "task 1 mandatory \"T\"  set k = in this stage for 5 days  -> good when k  -> bad otherwise",
        "property never_good: never at good while k = k",
    );
    assert_eq!(told(&set), ["never_good refuted"]);
    // The call finds the customer before the exit that waits for the same day does.
    let waits = stage(
        "facts of each service { f : yes/no = no }",
        "-> bad when f for 2 days  on call when f for 2 days -> good",
        "property never_good: never at good while f = f",
    );
    assert_eq!(told(&waits), ["never_good refuted"]);
}

/// What a scenario draws when a stage is entered changes a moment in which the customer was there without it.
#[test]
fn drawn_on_entry() {
    use crate::run::event::Event;
    use crate::run::journey::{Answer, World, drive};
    use crate::run::state::{Seconds, State, TrackId};
    use crate::value::Value;
    struct Draws;
    impl World for Draws {
        fn offered(&mut self, _: &Machine, _: &State, _: TrackId, _: crate::model::OfferId) -> Answer {
            Answer::Waits
        }
        fn on_entry(&mut self, _: &Machine, _: &State, _: TrackId, _: crate::model::StageId) -> Vec<Event> {
            let values = vec![(crate::model::FactId(0), Value::YesNo(true))];
            vec![Event::Facts { service: None, values, correction: false }]
        }
        fn next(&mut self, _: &Machine, _: &State) -> Option<Seconds> {
            None
        }
        fn say(&mut self, _: &Machine, _: &State) -> Option<Event> {
            None
        }
    }
    let text = "playbook p { facts of the customer { f : yes/no = no  k : yes/no = no kept by playbook }
           start -> one
           stage one { set k = yes  -> two when f  after 9 days -> good }
           stage two { set k = no  -> good }
           end good success }
         property seen: (k) before at two";
    assert_eq!(told(text), ["seen proved"]);
    let document = document(text);
    let machine = Machine::new(document.playbook.clone());
    let mut monitor = Monitor::new(&document.properties);
    let mut state = State::new(&machine, &Customer::new(&machine, "example"));
    drive(&machine, &mut state, &mut Draws, &mut monitor, None);
    assert!(crate::run::time::over(&state));
    assert_eq!(monitor.verdicts(&state), [Seen::Holds]);
}

#[test]
fn while_under_way() {
    let facts = "facts of the customer { csm : yes/no rising }";
    let late = stage(
        facts,
        "task 1 mandatory \"T\"  -> good when csm  -> bad otherwise",
        "property ours: never at bad while csm",
    );
    // A track that has ended is looked at no more.
    assert_eq!(told(&late), ["ours proved"]);
    let work =
        stage(facts, "task 1 mandatory \"T\"  -> good when csm  -> bad otherwise", "property ours: csm before at good");
    assert_eq!(told(&work), ["ours proved"]);
    let watched = "playbook p { services { a \"A\" } facts of the customer { csm : yes/no rising }
        each service { CSM start -> work stage work { task 1 mandatory \"T\" -> good } stage hand { task 2 mandatory \"H\" -> good }
        end good success } then -> finished end finished success }
        property handed: never at work while csm";
    assert_eq!(told(&watched.replace("CSM", "whenever csm -> hand")), ["handed proved"]);
    // Only at the start: one who gets a manager later is missed.
    let start = watched.replace("CSM", "").replace("start -> work", "start -> hand when csm -> work otherwise");
    assert_eq!(told(&start), ["handed refuted"]);
}

#[test]
fn tasks() {
    let body = "task 1 mandatory \"One\" due within 5 days  task 2 optional \"Two\" due within 5 days  -> good when done task 2  -> bad otherwise";
    let text = stage(
        "",
        body,
        "property order: task 1 before task 2
         property order_taken: task 1 before task 2 assuming task 1 is not not required
         property two_done: never at good while not done task 2
         property one_done: always done task 1 while at good
         property follows: task 1 followed by task 2 within 5 days assuming tasks meet due
         property ends: eventually at (good, bad) within 10 days assuming tasks meet due
         property ends_sooner: eventually at (good, bad) within 9 days assuming tasks meet due
         property ends_at_all: eventually at (good, bad)
         property once: task 1 at most once",
    );
    assert_eq!(
        told(&text),
        [
            "order refuted",
            "order_taken proved",
            "two_done proved",
            "one_done refuted",
            "follows refuted",
            "ends proved",
            "ends_sooner refuted",
            "ends_at_all refuted",
            "once proved"
        ]
    );
}

#[test]
fn blockers() {
    let text = "playbook p { services { a \"A\" }
        each service { start -> work
          stage work { task 1 mandatory \"One\" due within 10 days  task 2 mandatory \"Two\" due within 10 days  -> good  on blocker -> fix }
          stage fix { on resolved -> resume work  after 30 days -> bad }
          stage last { task 3 mandatory \"Three\" -> good }
          end good success end bad failure }
        then -> finished end finished success }
        property ends: eventually end within 180 days assuming tasks meet due, at most 4 blockers
        property ends_sooner: eventually end within 179 days assuming tasks meet due, at most 4 blockers
        property unbounded: eventually end within 1000 days assuming tasks meet due
        property fixed: at fix followed by at (work, bad) within 30 days
        property four: at fix at most 4 times assuming at most 4 blockers
        property three: at fix at most 3 times assuming at most 4 blockers";
    let told = told(text);
    assert_eq!(told[2..], ["unbounded refuted", "fixed proved", "four proved", "three refuted"]);
    assert_eq!(told[..2], ["ends proved", "ends_sooner refuted"]);
}

#[test]
fn loops() {
    let text = "playbook p { events { call \"Call\" }
        start -> wait
        stage wait { on call -> listen at most 3 times  after 10 days -> done }
        stage listen { task 1 mandatory again \"Listen\" due within 2 days  -> wait }
        end done success }
        property three: at listen at most 3 times
        property two: at listen at most 2 times
        property tasks: task 1 at most 3 times
        property ends: eventually end within 46 days assuming tasks meet due
        property sooner: eventually end within 45 days assuming tasks meet due
        property resumed: eventually end within 16 days assuming tasks meet due";
    assert_eq!(
        told(text),
        ["three proved", "two refuted", "tasks proved", "ends proved", "sooner refuted", "resumed refuted"]
    );
    let kept = text.replace("-> wait }\n        end", "-> resume wait }\n        end");
    // With its clock kept, the wait counts once.
    assert_eq!(told(&kept)[5], "resumed proved");
    let endless = text.replace("at most 3 times  after", "after");
    assert_eq!(told(&endless)[3], "ends refuted");
}

#[test]
fn several_services() {
    let text = "playbook p { services { a \"A\" b \"B\" c \"C\" } facts of each service { usage : percent }
        each service { start -> work stage work { -> good when usage >= 10%  after 90 days -> bad } end good success end bad failure }
        then -> fine when all services where (at good)  -> mixed when any services where (at good) and any services where (at bad)
             -> poor otherwise
        end fine success end mixed neutral end poor failure }
        property none_bad: never at fine while any services where (at bad)
        property one_is_not_mixed: never at mixed
        property ends: eventually end within 90 days";
    let told = told(text);
    assert_eq!(told[1], "one_is_not_mixed refuted");
    assert!(["none_bad proved", "none_bad bounded"].contains(&told[0].as_str()), "{told:?}");
    assert!(["ends proved", "ends bounded"].contains(&told[2].as_str()), "{told:?}");
}

#[test]
fn facts_that_belong_together() {
    let text = stage(
        "facts of each service { seats : int fixed  used : int }",
        "task 1 mandatory \"T\"  -> good when used >= seats  -> bad when used < seats  after 1 year -> bad",
        "property full: always used >= seats while at good
         property fuller: always used > seats while at good
         property known: never unknown used while at good",
    );
    assert_eq!(told(&text), ["full proved", "fuller refuted", "known proved"]);
}

#[test]
fn passing_moments() {
    // A stage that is left at once is no moment at which anything can be seen, unless its task waits.
    let text = stage(
        "facts of each service { f : yes/no }",
        "task 1 mandatory \"T\"  -> good",
        "property seen: eventually (at work and f = f) within 1 day
         property comes: at work before at good",
    );
    let told = told(&text);
    assert_eq!(told[1], "comes proved");
    assert_eq!(told[0], "seen refuted");
}

/// Tasks that are complete as soon as they are offered leave no stable moment in which they are open: `k` is seen by nobody.
#[test]
fn tasks_complete_at_once() {
    let text =
        "playbook p { facts of the customer { k : yes/no = no kept by playbook  m : yes/no = no kept by playbook }
           start -> one
           stage one { set k = yes  task 1 mandatory \"One\"  -> two }
           stage two { set k = no  set m = yes  task 3 mandatory \"Three\"  -> three }
           stage three { task 3 mandatory \"Three\"  -> good }
           end good success }
         property comes_before: (k and not m) before at three
         property comes: eventually (k and not m)
         property follows: at one followed by (k and not m)
         property too_often: at (two, three) at most once assuming not k
         property is_assumed: never at good assuming not k
         property ends: eventually at good assuming not k
         property rises: (k and not m) at most once
         property marked: always m while at three
         property marked_before: (m) before at three";
    let document = document(text);
    let machine = Machine::new(document.playbook.clone());
    let mut monitor = Monitor::new(&document.properties);
    let customer = Customer::new(&machine, "example");
    let followed = follow(&machine, &customer, Vec::new(), &mut monitor, None);
    let broken: Vec<bool> =
        monitor.verdicts(&followed.state).iter().map(|seen| matches!(seen, Seen::Violated(_))).collect();
    assert_eq!(broken, [true, true, true, true, true, false, false, false, false]);
    // That it ends is refuted too: the other task may stay open for ever.
    let expected = [
        "comes_before refuted",
        "comes refuted",
        "follows refuted",
        "too_often refuted",
        "is_assumed refuted",
        "ends refuted",
        "rises proved",
        "marked proved",
        "marked_before proved",
    ];
    assert_eq!(told(text), expected);
}

#[test]
fn facts_with_bounds_are_compared() {
    for facts in ["p : percent  q : percent", "p : int in 0..5  q : int in 3..8", "p : duration  q : duration"] {
        let text = format!(
            "playbook k {{ facts of the customer {{ {facts} }}
               start -> a
               stage a {{ -> b when p > q  -> x when p <= q }}
               stage b {{ task t mandatory \"T\" -> x }}
               end x success }}
             property never_b: never at b"
        );
        assert_eq!(told(&text), ["never_b refuted"], "{facts}");
    }
    // Nobody can be above the greatest value there is.
    let text = "playbook k { facts of the customer { p : percent fixed  q : percent rising }
           stage a { -> x when q > p }
           end x success }
         property comes: eventually end assuming not unknown p, not unknown q, tasks meet due";
    assert_eq!(told(text), ["comes refuted"]);
}

#[test]
fn calculated_values_are_equal() {
    let of = |guard: &str| {
        told(&format!(
            "playbook q {{ facts of the customer {{ n : int  d : duration }}
               stage w {{ -> x when {guard}  after 90 days -> y }}
               end x success end y neutral }}
             property never_x: never at x"
        ))
    };
    for guard in [
        "n * 2 = 8",
        "n - 3 = 2",
        "10% of n = 3",
        "max(n, 3) = 4",
        "not (n * 2 != 8)",
        "n * 2 in 8..8",
        "d * 2 = 4 days",
        "n * 3 - n = 6",
    ] {
        assert_eq!(of(guard), ["never_x refuted"], "{guard}");
    }
    assert_eq!(of("n * 2 = 7"), ["never_x proved"]);
    // What grows and falls is not tried at every value.
    for guard in ["n * n - 10 * n + 21 = 0", "100 / n = 4"] {
        assert!(of(guard)[0] != "never_x proved", "{guard}");
    }
}

#[test]
fn services_before_their_tracks() {
    let text = "playbook f { services { a1 \"A\" }
           facts of each service { u : percent = 0% }
           start -> t
           stage t { -> s when any services where (u < 10%)  -> z otherwise }
           stage s { -> x when any services where (u >= 10%) }
           end x success end z neutral }
         property never_x: never at x";
    assert_eq!(told(text), ["never_x refuted"]);
    let text = "playbook v { services { x \"X\" y \"Y\" }
           facts of each service { u : yes/no }
           start -> q
           stage q { -> b when any services where (u)  -> c otherwise }
           each service as b { stage w { -> good when u  -> bad otherwise } end good success end bad failure }
           then -> a
           end a success end c success }
         property never_bad: never at bad";
    assert_eq!(told(text), ["never_bad refuted"]);
}

#[test]
fn limits_that_pass_without_a_move() {
    let text = "playbook t { start -> a
           stage a { after 3 days -> b at most once  after 20 days -> e }
           stage b { after 1 day -> a }
           end e success }
         property early: eventually end within 23 days
         property late: eventually end within 24 days";
    assert_eq!(told(text), ["early refuted", "late proved"]);
    let text = "playbook t { facts of the customer { b : yes/no = no fixed }
           stage s { whenever in this stage for 4 days and b -> e  after 20 days -> e }
           end e success }
         property early: eventually end within 19 days
         property late: eventually end within 20 days";
    assert_eq!(told(text), ["early refuted", "late proved"]);
    let text = "playbook t { stage s { after 20 days -> e } end e failure }
         property early: at s followed by end within 19 days
         property late: at s followed by end within 20 days";
    assert_eq!(told(text), ["early refuted", "late proved"]);
}
