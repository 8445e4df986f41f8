//! Arguments → options → one call of the stages → exit code. Files, streams and the clock are touched here and in
//! [`crate::source`] alone.

mod certs;
mod change;
mod check;
mod explain;
mod identity;
mod inspect;
mod mounted;
mod probe;
mod secret_file;
mod terminal;

use std::io;
use std::process::ExitCode;

use clap::CommandFactory;

use crate::cli::{CertsCommand, Cli, Command};
use crate::report::Message;
use terminal::Terminal;

/// What a command ends with. The numbers are a contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, nothing to complain about.
    Done,
    /// The answer is no: it would change, it differs, the endpoint does not accept the pair.
    No,
    /// It could not be done; nothing was written.
    Failed,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::No => 1,
            Exit::Failed => 2,
        })
    }
}

/// Why a command stopped.
enum Failure {
    /// What to tell the user.
    Messages(Vec<Message>),
    /// The reader of our output went away: nobody is left to tell.
    BrokenPipe,
}

impl From<Message> for Failure {
    fn from(message: Message) -> Failure {
        Failure::Messages(vec![message])
    }
}

impl From<io::Error> for Failure {
    /// Writing to a standard stream failed.
    fn from(error: io::Error) -> Failure {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Failure::BrokenPipe;
        }
        Message::error(format!("cannot write the output: {}", crate::source::reason(&error)), None).into()
    }
}

/// What was written stays written, whether it can be reported or not: that is no failure of the command.
fn reported(printed: io::Result<()>, terminal: &mut Terminal) -> io::Result<()> {
    match printed {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let reason = crate::source::reason(&error);
            let text = format!("the files are written, but the report of it is not: {reason}");
            Message::warning(text, None).write(terminal.err())
        }
        _ => Ok(()),
    }
}

/// Runs what was typed, and says what went wrong.
pub fn run(cli: Cli) -> Exit {
    let mut terminal = Terminal::new(cli.color);
    let result = match cli.command {
        Command::Inject { change, output } => change::inject(change, output, &mut terminal),
        Command::Diff { change, quiet } => change::diff(change, quiet, &mut terminal),
        Command::Remove { change, output } => change::remove(change, output, &mut terminal),
        Command::Check(args) => check::check(args, &mut terminal),
        Command::Certs { command: CertsCommand::Ca(args) } => certs::ca(&args, &mut terminal),
        Command::Certs { command: CertsCommand::Client(args) } => certs::client(&args, &mut terminal),
        Command::Certs { command: CertsCommand::Inspect(args) } => inspect::inspect(args, &mut terminal),
        Command::Probe(args) => probe::probe(&args, &mut terminal),
        Command::Explain { rule } => explain::explain(rule, &mut terminal),
        Command::Completions { shell } => completions(shell, &mut terminal),
        Command::Man => man(&mut terminal),
    };
    match result {
        Ok(exit) => exit,
        Err(Failure::BrokenPipe) => Exit::Done,
        Err(Failure::Messages(messages)) => {
            // where even stderr is gone, the exit code still tells
            let _ = messages.iter().try_for_each(|message| message.write(terminal.err()));
            Exit::Failed
        }
    }
}

fn completions(shell: clap_complete::Shell, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "delegate-mtls", &mut script);
    terminal.write_raw(&script)?;
    Ok(Exit::Done)
}

fn man(terminal: &mut Terminal) -> Result<Exit, Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command()).render(&mut page)?;
    terminal.write_raw(&page)?;
    Ok(Exit::Done)
}
