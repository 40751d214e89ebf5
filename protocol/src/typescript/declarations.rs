//! Collects declarations, each once and after those that it names.

use std::collections::{BTreeMap, HashSet};

use ts_rs::{Config, TS, TypeVisitor};

use super::layout;

/// A TypeScript file that grows by declarations.
#[derive(Default)]
pub(super) struct Declarations {
    text: String,
    seen: HashSet<String>,
    cfg: Config,
}

impl Declarations {
    /// Adds a text as it is.
    pub(super) fn text(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text += text;
    }

    /// Notes that a type is declared by hand.
    pub(super) fn known(&mut self, name: &str) {
        self.seen.insert(name.to_owned());
    }

    /// Declares a type, after every type that it names.
    pub(super) fn declare<T: TS + 'static + ?Sized>(&mut self) {
        let name = T::ident(&self.cfg);
        self.declare_as::<T>(&name);
    }

    /// Declares the payload of an event under its own name and a suffix; none when it has none.
    pub(super) fn declare_payload<T: TS + 'static>(&mut self, suffix: &str) -> Option<String> {
        T::output_path()?;
        let name = T::ident(&self.cfg) + suffix;
        self.declare_as::<T>(&name);
        Some(name)
    }

    /// Returns the file.
    pub(super) fn finish(self) -> String {
        self.text
    }

    fn declare_as<T: TS + 'static + ?Sized>(&mut self, name: &str) {
        if !self.seen.insert(name.to_owned()) {
            return;
        }
        self.declare_dependencies::<T>();
        let declaration = layout::declaration(name, &T::decl(&self.cfg));
        let docs = T::docs().map(|docs| layout::docs(&docs, ""));
        self.text(&(docs.unwrap_or_default() + &declaration));
    }

    fn declare_dependencies<T: TS + 'static + ?Sized>(&mut self) {
        let mut dependencies = Dependencies::default();
        T::visit_dependencies(&mut dependencies);
        for declare in dependencies.by_name.into_values() {
            declare(self);
        }
    }
}

/// What a type names, by name: `ts-rs` shows it in an order that changes from build to build.
#[derive(Default)]
struct Dependencies {
    by_name: BTreeMap<String, fn(&mut Declarations)>,
    cfg: Config,
}

impl TypeVisitor for Dependencies {
    /// Takes a type that another one names: only our own have a declaration.
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if T::output_path().is_some() {
            let name = T::ident(&self.cfg);
            self.by_name.insert(name, Declarations::declare::<T>);
        }
    }
}
