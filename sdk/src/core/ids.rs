//! Small numbers that tie an answer to its question.

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// Returns the number that follows.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0.wrapping_add(1))
            }
        }
    };
}

number!(
    /// A request of the application, and its promise. Given by the api ring.
    RequestId
);
number!(
    /// An event of ours whose ack is awaited. Given by the core.
    AckId
);
number!(
    /// One peer connection. Never used twice. Given by the core.
    LinkId
);
number!(
    /// One attempt to open a microphone, a camera or a screen. Given by the core.
    MediaId
);
number!(
    /// One round of negotiation on a link; a result of an older one is ignored. Given by the core.
    Generation
);
