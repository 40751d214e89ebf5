//! The settings that come by environment variable: an empty one is none, a wrong one is named.

use std::env;

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command};

/// Takes an empty variable for none, whatever the kind of its value: the default holds.
pub(crate) fn without_empty_variables(command: Command) -> Command {
    command.mut_args(|arg| {
        let set = arg.get_env().and_then(env::var_os);
        if set.is_some_and(|value| value.is_empty()) {
            arg.env(None::<&'static str>)
        } else {
            arg
        }
    })
}

/// Adds the variable to an error that names only the flag: whoever set the one may not know the other.
pub(crate) fn naming_the_variable(mut error: clap::Error, command: &Command) -> clap::Error {
    let Some(ContextValue::String(named)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    let flag = named.split(' ').next().unwrap_or_default();
    let is_meant = |arg: &&Arg| {
        arg.get_long()
            .is_some_and(|long| flag == format!("--{long}"))
    };
    let arg = command.get_arguments().find(is_meant);
    if let Some(variable) = arg.and_then(Arg::get_env) {
        let named = format!("{named} ({})", variable.to_string_lossy());
        error.insert(ContextKind::InvalidArg, ContextValue::String(named));
    }
    error
}
