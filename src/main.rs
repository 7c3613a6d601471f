//! Arguments in, exit code out.

fn main() -> std::process::ExitCode {
    playbook::cli::main().into()
}
