//! Tests of the drawings on whole playbooks.

use super::lifecycle::lifecycle;
use super::picture::{ClusterKind, NodeKind, Picture, Vertex};
use super::{EdgeClass, StateGraph, dot, json, mermaid, svg};
use crate::model::resolve::resolve;
use crate::source::Sources;
use crate::syntax::parse;
use proptest::prelude::*;

fn picture(text: &str, language: Option<&str>) -> Picture {
    let mut sources = Sources::new();
    let id = sources.add("test.play", text);
    let (file, problems) = parse(sources.get(id).expect("just added"), id);
    let (documents, more) = resolve(&file, &[]);
    assert!(
        !crate::diagnostic::has_errors(&problems) && !crate::diagnostic::has_errors(&more),
        "{problems:?} {more:?}"
    );
    let playbook = &documents[0].playbook;
    Picture::new(playbook, &StateGraph::new(playbook), &sources, language)
}

const NESTED: &str = r#"
playbook onboarding "Onboarding" @de "Einführung" {
  services { teams "Teams" yammer "Yammer" }
  roles { manager "Manager" @de "Leitung" }
  facts of the customer { ready : yes/no note : text }
  start -> both when ready // a comment
                 and note is not "a // b"
        -> out otherwise
  together as both "Both sides" @de "Beide Seiten" {
    branch technical "Technical" {
      each service {
        stage move_it "Move" @de "Umziehen" by manager for teams {
          task 3 mandatory "Move the files"
          every 1 week, at most 4 times { step "Look" }
          -> resume move_it when ready at most 5 times
          -> moved otherwise
        }
        end moved success
      }
      then -> technical_done
      end technical_done success
    }
    branch people { stage train { -> trained } end trained neutral }
  }
  after 200 days -> out
  then -> live
  end live "Live" success continues review
  end out "Out" failure
}
"#;

#[test]
fn blocks_and_branches_are_clusters_in_clusters() {
    let picture = picture(NESTED, None);
    let clusters: Vec<_> = picture
        .clusters
        .iter()
        .map(|cluster| {
            (cluster.title.as_str(), cluster.kind, cluster.cluster.map(|outer| picture.clusters[outer].id.as_str()))
        })
        .collect();
    let expected = [
        ("Both sides", ClusterKind::Together, None),
        ("Technical", ClusterKind::Branch, Some("both")),
        ("people", ClusterKind::Branch, Some("both")),
        ("each service", ClusterKind::EachService, Some("technical")),
    ];
    assert_eq!(clusters, expected);
}

#[test]
fn a_lifecycle_is_drawn_with_its_playbooks_as_clusters() {
    let text = r#"
        playbook one "One" { start -> a stage a { -> x -> y after 3 days } end x success continues two end y failure }
        playbook two "Two" {
          services { teams }
          each service as tracks { start -> a stage a { -> done_well } end done_well success }
          then -> back
          end back "Back" neutral continues one at most 2 times
          end stay neutral continues nowhere
        }"#
    .replace("-> x -> y after 3 days", "-> x  after 3 days -> y");
    let mut sources = Sources::new();
    let id = sources.add("test.play", text.as_str());
    let (file, problems) = parse(sources.get(id).expect("just added"), id);
    let (documents, _) = resolve(&file, &[]);
    assert!(problems.is_empty(), "{problems:?}");
    let playbooks: Vec<&crate::model::Playbook> = documents.iter().map(|document| &document.playbook).collect();
    let picture = lifecycle(&playbooks, &sources, None);
    let clusters: Vec<_> = picture.clusters.iter().map(|cluster| (cluster.id.as_str(), cluster.kind)).collect();
    let (process, tracks) = (ClusterKind::Process, ClusterKind::EachService);
    assert_eq!(clusters, [("one", process), ("two", process), ("two.tracks", tracks)]);
    assert!(picture.nodes.iter().all(|node| node.cluster.is_some()));
    let between = picture.edges.iter().filter(|edge| edge.class == EdgeClass::Continues);
    let between: Vec<_> = between.map(|edge| (picture.id(edge.from), picture.id(edge.to), edge.full_label())).collect();
    assert_eq!(between, [("one.x", "two", "x".to_owned()), ("two.back", "one", "Back, at most 2 times".to_owned())]);
    // Every drawing shows both ways between the two.
    let svg = svg::write(&picture);
    assert_eq!(svg.matches("class=\"line continues\"").count(), 2 + 1, "two, and one in the key");
    assert_eq!(svg.matches("<rect class=\"process\"").count(), 2);
    let mermaid = mermaid::write(&picture);
    assert!(mermaid.contains("c0 --> c1 : x") && mermaid.contains("c1 --> c0 : Back, at most 2 times"), "{mermaid}");
    let dot = dot::write(&picture);
    assert!(dot.contains("\"one.x\" -> ") && dot.contains("lhead=\"cluster_1\""), "{dot}");
    assert!(json::write(&picture).contains("\"class\": \"continues\""));
}

#[test]
fn guards_are_on_one_line_without_comments_but_with_what_is_quoted() {
    let picture = picture(NESTED, None);
    let labels: Vec<String> = picture.edges.iter().map(super::picture::Edge::full_label).collect();
    assert!(labels.contains(&"ready and note is not \"a // b\"".to_owned()), "{labels:?}");
    assert!(labels.contains(&"ready, resume, at most 5 times".to_owned()), "{labels:?}");
    assert!(labels.contains(&"after 200 days".to_owned()), "{labels:?}");
}

#[test]
fn titles_are_in_the_language_asked_for_where_there_are_any() {
    let picture = picture(NESTED, Some("de-AT"));
    assert_eq!(picture.title, "Einführung");
    assert_eq!(picture.clusters[0].title, "Beide Seiten");
    let node = picture.nodes.iter().find(|node| node.id == "move_it").expect("the stage");
    assert_eq!((node.title.as_str(), node.subtitle.as_str()), ("Umziehen", "Leitung · every week, at most 4×"));
    assert_eq!(node.details, ["for Teams", "task 3 mandatory Move the files", "Look"]);
    assert_eq!(node.line, 12);
}

#[test]
fn what_holds_everywhere_is_drawn_once() {
    let text =
        "playbook p { on escalated -> c  start -> a stage a { -> b } stage b { -> c } stage c { -> d } end d success }";
    let picture = picture(text, None);
    let everywhere: Vec<_> = picture
        .edges
        .iter()
        .filter(|edge| matches!(edge.from, Vertex::Node(node) if picture.nodes[node].kind == NodeKind::Everywhere))
        .map(|edge| (picture.id(edge.to), edge.label.as_str()))
        .collect();
    assert_eq!(everywhere, [("c", "on escalated")]);
}

#[test]
fn json_has_all_edges_with_ids_of_nodes_and_clusters() {
    let picture = picture(NESTED, None);
    let value: serde_json::Value = serde_json::from_str(&json::write(&picture)).expect("JSON");
    assert_eq!(value["version"], 1);
    let ids: Vec<&str> = ["nodes", "clusters"]
        .iter()
        .flat_map(|list| value[*list].as_array().expect("a list"))
        .map(|item| item["id"].as_str().expect("an id"))
        .collect();
    let unique: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len());
    let edges = value["edges"].as_array().expect("edges");
    assert_eq!(edges.len(), picture.edges.len());
    for edge in edges {
        for end in ["from", "to"] {
            assert!(unique.contains(edge[end].as_str().expect("an id")), "{edge}");
        }
        assert!(edge["line"].as_u64() > Some(1), "{edge}");
    }
}

#[test]
fn edges_of_a_block_stop_at_its_border_in_dot() {
    let dot = dot::write(&picture(NESTED, None));
    assert!(dot.contains("lhead=\"cluster_0\"") && dot.contains("ltail=\"cluster_0\""), "{dot}");
    assert_eq!(dot.matches('{').count(), dot.matches('}').count());
}

#[test]
fn svg_holds_the_titles_guards_and_both_colour_schemes() {
    let svg = svg::write(&picture(NESTED, None));
    well_formed(&svg);
    for part in [
        "prefers-color-scheme: dark",
        ">Move</text>",
        "continues review",
        "after 200 days",
        "<title>Onboarding</title>",
    ] {
        assert!(svg.contains(part), "{part}");
    }
}

#[test]
fn an_empty_playbook_can_be_drawn() {
    let mut picture = picture(NESTED, None);
    (picture.nodes, picture.clusters, picture.edges) = (Vec::new(), Vec::new(), Vec::new());
    well_formed(&svg::write(&picture));
    assert!(dot::write(&picture).starts_with("digraph"));
    assert_eq!(mermaid::write(&picture).lines().next(), Some("stateDiagram-v2"));
}

/// Elements are closed in order, and text holds neither a bare `<` nor a bare `&`.
fn well_formed(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    let style = svg.find("<style>").expect("a style")..svg.find("</style>").expect("its end");
    let mut rest = svg;
    while let Some(start) = rest.find('<') {
        let text = &rest[..start];
        let offset = svg.len() - rest.len();
        assert!(style.contains(&offset) || !text.contains('>'), "{text}");
        for entity in text.split('&').skip(1) {
            assert!(["lt;", "gt;", "amp;", "quot;"].iter().any(|known| entity.starts_with(known)), "{text}");
        }
        let end = start + rest[start..].find('>').expect("the end of a tag");
        let tag = &rest[start + 1..end];
        let name = tag.trim_matches('/').split(' ').next().expect("a name");
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(name);
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?}");
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        ".*",
        "[\"\\\\<>&\\[\\]{}:;#%*\n -]{0,40}",
        Just("\u{202e}عربي 成功执行 \u{0} ]]> --> [*] </text>".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the titles are, no format is broken by them.
    #[test]
    fn any_text_is_safe(title in texts(), label in texts(), cluster in texts()) {
        let mut picture = picture(NESTED, None);
        picture.title.clone_from(&title);
        for node in &mut picture.nodes {
            node.title.clone_from(&title);
            node.subtitle.clone_from(&label);
            node.details = vec![label.clone()];
        }
        for inner in &mut picture.clusters {
            inner.title.clone_from(&cluster);
        }
        for edge in &mut picture.edges {
            edge.label.clone_from(&label);
        }
        well_formed(&svg::write(&picture));
        for line in mermaid::write(&picture).lines() {
            let quotes = line.matches('"').count();
            prop_assert!(quotes == 0 || quotes == 2, "{}", line);
            let arrows = line.matches("-->").count();
            prop_assert!(arrows <= 1, "{}", line);
            if let (1, Some((_, label))) = (arrows, line.split_once(" : ")) {
                prop_assert!(!label.contains([':', '[', '{', '"']), "{}", line);
            }
        }
        for line in dot::write(&picture).lines() {
            let unescaped = line.replace("\\\\", "").replace("\\\"", "").matches('"').count();
            prop_assert!(unescaped % 2 == 0, "{}", line);
        }
        prop_assert!(serde_json::from_str::<serde_json::Value>(&json::write(&picture)).is_ok());
    }
}
