//! The loop: an input goes into the machine, its outputs are performed in order, one timer is armed.
//!
//! Callbacks of the browser end in [`Report::input`]. It drains the queue unless a drain is
//! already going on further up the stack, so the machine is never entered twice and what the
//! application reads after a call is up to date. What the application is told waits in an
//! outbox until the drain is over: its callbacks may then call anything, also `dispose`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use js_sys::Function;
use wasm_bindgen::JsValue;

use crate::core::error::ClientError;
use crate::core::ids::RequestId;
use crate::core::{
    Client, ClientOptions, Command, Input, Notification, Output, Request, Settled, SignalingInput,
};
use crate::platform::{Clock, Inbox, Platform, Report, Socket, SocketIo};

/// Something to tell the application, ready to be told: a function and what it is called with.
pub(crate) struct Delivery {
    /// A function that does not throw: the TypeScript side reports what listeners throw.
    pub(crate) to: Function,
    pub(crate) first: JsValue,
    pub(crate) second: JsValue,
}

/// Puts what the application is told into its own terms.
pub(crate) trait Audience {
    /// Prepares a notification, as the client stands at this moment.
    fn notification(
        &self,
        notification: &Notification,
        client: &Client,
        platform: &Platform,
    ) -> Option<Delivery>;
    /// Prepares the end of a promise.
    fn settlement(&self, id: RequestId, result: Result<Settled, ClientError>) -> Option<Delivery>;
}

/// One client with its browser resources.
pub(crate) struct Driver {
    me: Weak<Self>,
    client: RefCell<Client>,
    socket: Socket,
    /// None once disposed.
    platform: RefCell<Option<Rc<Platform>>>,
    clock: Clock,
    audience: Box<dyn Audience>,
    queue: RefCell<VecDeque<Input>>,
    draining: Cell<bool>,
    outbox: RefCell<VecDeque<Delivery>>,
    delivering: Cell<bool>,
    /// Itself, while it is disposed but the server still has to answer something.
    lingering: RefCell<Option<Rc<Self>>>,
}

impl Driver {
    /// Makes a client over what the application gives, and begins to listen.
    pub(crate) fn new(
        options: ClientOptions,
        socket: SocketIo,
        given: &JsValue,
        audience: Box<dyn Audience>,
    ) -> Rc<Self> {
        let driver = Rc::new_cyclic(|me: &Weak<Self>| {
            let timer = me.clone();
            Self {
                me: me.clone(),
                client: RefCell::new(Client::new(options)),
                socket: Socket::new(socket, Inbox::new(me.clone())),
                platform: RefCell::new(None),
                clock: Clock::new(move || {
                    if let Some(driver) = timer.upgrade() {
                        driver.clock.fired();
                        driver.input(Input::Timeout);
                    }
                }),
                audience,
                queue: RefCell::new(VecDeque::new()),
                draining: Cell::new(false),
                outbox: RefCell::new(VecDeque::new()),
                delivering: Cell::new(false),
                lingering: RefCell::new(None),
            }
        });
        let inbox = Inbox::new(driver.me.clone());
        let platform = Platform::new(given, &driver.socket, &inbox);
        driver.platform.replace(Some(Rc::new(platform)));
        if driver.socket.is_connected() {
            driver.input(Input::Signaling(SignalingInput::Connected));
        }
        driver
    }

    /// Asks the machine for something; the audience settles the promise.
    pub(crate) fn request(&self, id: RequestId, command: Command) {
        self.input(Input::App(Request { id, command }));
    }

    /// Looks at the client.
    pub(crate) fn client<T>(&self, look: impl FnOnce(&Client) -> T) -> T {
        look(&self.client.borrow())
    }

    /// Returns the browser's side; none once disposed.
    pub(crate) fn platform(&self) -> Option<Rc<Platform>> {
        self.platform.borrow().clone()
    }

    fn drain(&self) {
        loop {
            let input = self.queue.borrow_mut().pop_front();
            let Some(input) = input else { break };
            self.step(input);
        }
        let deadline = self.client.borrow().next_deadline();
        self.clock.arm(deadline);
        self.linger(deadline.is_some());
    }

    fn step(&self, input: Input) {
        let platform = self.platform();
        if let Some(platform) = &platform {
            platform.observe(&input);
        }
        let is_last = is_dispose(&input);
        let outputs = self.client.borrow_mut().handle(Clock::now(), input);
        for output in outputs {
            self.perform(output, platform.as_deref());
        }
        if is_last {
            self.platform.replace(None);
        }
    }

    fn perform(&self, output: Output, platform: Option<&Platform>) {
        match (output, platform) {
            (Output::Emit(event, ack), _) => self.socket.emit(&event, ack),
            (Output::Reconnect, _) => self.socket.reconnect(),
            (Output::Settle(id, result), _) => self.post(self.audience.settlement(id, result)),
            (Output::Peer(link, command), Some(platform)) => platform.peers.perform(link, command),
            (Output::Media(command), Some(platform)) => platform.media(command),
            (Output::Notify(told), Some(platform)) => self.notify(&told, platform),
            (Output::Peer(..) | Output::Media(_) | Output::Notify(_), None) => {}
        }
    }

    /// Stays alive after `dispose` for as long as an ack may ask for something to be undone.
    fn linger(&self, is_waiting: bool) {
        let is_disposed = self.platform.borrow().is_none();
        let myself = self.me.upgrade().filter(|_| is_disposed && is_waiting);
        let former = self.lingering.replace(myself);
        drop(former);
    }

    fn notify(&self, notification: &Notification, platform: &Platform) {
        let client = self.client.borrow();
        let delivery = self.audience.notification(notification, &client, platform);
        self.post(delivery);
    }

    fn post(&self, delivery: Option<Delivery>) {
        if let Some(delivery) = delivery {
            self.outbox.borrow_mut().push_back(delivery);
        }
    }

    /// Tells the application what waits, in order, however its callbacks call back into us.
    fn deliver(&self) {
        if self.delivering.replace(true) {
            return;
        }
        loop {
            let delivery = self.outbox.borrow_mut().pop_front();
            let Some(delivery) = delivery else { break };
            let Delivery { to, first, second } = &delivery;
            let _returned = to.call2(&JsValue::UNDEFINED, first, second);
        }
        self.delivering.set(false);
    }
}

impl Report for Driver {
    fn input(&self, input: Input) {
        self.queue.borrow_mut().push_back(input);
        if self.draining.replace(true) {
            return;
        }
        self.drain();
        self.draining.set(false);
        self.deliver();
    }

    fn failure(&self, error: ClientError) {
        let Some(platform) = self.platform() else {
            return;
        };
        self.notify(&Notification::Error(error), &platform);
        if !self.draining.get() {
            self.deliver();
        }
    }
}

const fn is_dispose(input: &Input) -> bool {
    match input {
        Input::App(request) => matches!(request.command, Command::Dispose),
        Input::Signaling(_) | Input::Peer(..) | Input::Device(_) | Input::Timeout => false,
    }
}
