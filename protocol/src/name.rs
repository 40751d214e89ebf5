//! The text of an id.
//!
//! A server sees ids without end and frees them. A page sees the few of its own calls, over and
//! over: there each text is kept once, and an id is the number of its text. Copies, comparisons
//! and moves of ids then cost the WebAssembly module next to nothing.

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use owned::Name;

#[cfg(target_arch = "wasm32")]
pub(crate) use interned::Name;

#[cfg(not(target_arch = "wasm32"))]
mod owned {
    use std::sync::Arc;

    /// A text that its copies share: a call names the same few people over and over.
    #[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub(crate) struct Name(Arc<str>);

    impl Name {
        /// Returns the text.
        pub(crate) fn as_str(&self) -> &str {
            &self.0
        }
    }

    impl From<&str> for Name {
        fn from(text: &str) -> Self {
            Self(text.into())
        }
    }
}

#[cfg(target_arch = "wasm32")]
mod interned {
    use std::cell::RefCell;
    use std::cmp::Ordering;
    use std::mem::ManuallyDrop;
    use std::num::NonZeroU32;

    thread_local! {
        // Never dropped: a page has no end that would be noticed.
        static TEXTS: RefCell<ManuallyDrop<Vec<&'static str>>> = const {
            RefCell::new(ManuallyDrop::new(Vec::new()))
        };
    }

    /// The number of a text that is kept for good.
    #[derive(Clone, PartialEq, Eq, Hash)]
    pub(crate) struct Name(NonZeroU32);

    impl Name {
        /// Returns the text.
        #[inline(never)]
        pub(crate) fn as_str(&self) -> &str {
            let index = self.0.get() as usize - 1;
            TEXTS.with_borrow(|texts| texts.get(index).copied().unwrap_or_default())
        }

        #[inline(never)]
        fn intern(text: &str) -> Self {
            TEXTS.with_borrow_mut(|texts| {
                let known = texts.iter().position(|known| **known == *text);
                let index = known.unwrap_or_else(|| {
                    texts.push(Box::leak(text.into()));
                    texts.len() - 1
                });
                Self(NonZeroU32::MIN.saturating_add(index as u32))
            })
        }
    }

    impl Default for Name {
        fn default() -> Self {
            Self::intern("")
        }
    }

    impl From<&str> for Name {
        fn from(text: &str) -> Self {
            Self::intern(text)
        }
    }

    impl PartialOrd for Name {
        fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
            Some(self.cmp(other))
        }
    }

    impl Ord for Name {
        fn cmp(&self, other: &Self) -> Ordering {
            self.as_str().cmp(other.as_str())
        }
    }
}
