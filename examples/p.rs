use playbook::source::Sources;
fn main() {
    for path in std::env::args().skip(1) {
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        let mut s = Sources::new();
        let id = s.add(path.clone(), text);
        let t = std::time::Instant::now();
        let (file, ds) = playbook::syntax::parse(s.get(id).unwrap(), id);
        println!("{path}: {} items, {} diagnostics, {:?}", file.items.len(), ds.len(), t.elapsed());
        for d in ds.iter().take(30) {
            let p = s.position(d.primary.span);
            println!(
                "  {}:{} {} {} [{}] | {}",
                p.line,
                p.column,
                d.rule.name,
                d.message,
                s.text(d.primary.span).chars().take(40).collect::<String>(),
                d.help.as_deref().unwrap_or("")
            );
        }
    }
}
