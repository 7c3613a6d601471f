//! `playbook completions`: what a shell needs to complete commands and arguments.

use super::{Exit, Session, Stop};
use clap::CommandFactory;
use clap_complete::Shell;

/// Print the completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  playbook completions bash > ~/.local/share/bash-completion/completions/playbook
  playbook completions zsh > ~/.zfunc/_playbook
  playbook completions fish > ~/.config/fish/completions/playbook.fish")]
pub struct Arguments {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints them.
///
/// # Errors
/// Where standard output cannot be written.
pub fn run(arguments: &Arguments, session: &mut Session) -> Result<Exit, Stop> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::Arguments::command(), "playbook", &mut script);
    session.out.write(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Fine)
}
