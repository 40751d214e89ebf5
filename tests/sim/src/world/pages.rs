//! Pages: how they open, close and carry out what their client asks.

use super::*;

impl World {
    /// Opens a page on a device that has none.
    pub fn open_page(&mut self, place: Place) {
        let seed = self.dice.next();
        let device = &mut self.devices[place];
        if device.page.is_some() {
            return;
        }
        device.lives += 1;
        let (life, kept) = (device.lives, device.kept.take());
        let permission = device.permission;
        let client = Client::new(ClientOptions {
            fast_setup: true,
            user_id: None,
            supplied_microphone: false,
            kept,
            preconnect: self.nature.preconnect,
            audio_bitrate: None,
            video_bitrate: None,
            seed,
        });
        device.page = Some(Page::new(life, client));
        self.say(|world| format!("{}: the page opens", world.devices[place].name));
        self.after(
            1,
            Happening::Tell(place, life, DeviceInput::Permission(permission)),
        );
        self.after(2, Happening::Dial(place, life));
    }

    /// Closes a page as a reload does: nothing is said to anyone.
    pub fn close_page(&mut self, place: Place) {
        let Some(page) = self.devices[place].page.take() else {
            return;
        };
        self.say(|world| format!("{}: the page is gone", world.devices[place].name));
        self.devices[place].kept = kept(&page).filter(|_| !page.is_disposed);
        match page.wire {
            Wire::Up(socket) | Wire::Dialling(socket) => self.break_socket(socket),
            Wire::Down => {}
        }
        self.look_at_all_paths();
    }

    /// Reloads a page; the next one opens after a while.
    pub fn reload(&mut self, place: Place, after_ms: u64) {
        self.close_page(place);
        self.after(after_ms, Happening::OpenPage(place));
    }

    /// Asks the client for something, as its application.
    pub fn ask(&mut self, place: Place, command: Command) -> Option<RequestId> {
        self.say(|world| {
            let name = &world.devices[place].name;
            format!("{name}: {}", story::command(&command))
        });
        let page = self.devices[place].page.as_mut()?;
        page.requests += 1;
        let id = RequestId(page.requests);
        page.owed.insert(id, format!("{command:?}"));
        let life = page.life;
        let ends = matches!(command, Command::Dispose);
        match &command {
            Command::Dispose => page.is_disposed = true,
            // A call that is entered anew may end anew.
            Command::Join(session, _) => {
                page.over.remove(session);
            }
            _ => {}
        }
        self.give(place, Input::App(Request { id, command }));
        if ends {
            // `connect()` takes its socket along.
            self.after(2_000, Happening::CloseSocket(place, life));
        }
        Some(id)
    }

    /// Places a call.
    pub fn place_call(
        &mut self,
        place: Place,
        chat: &ChatId,
        targets: Option<Vec<UserId>>,
    ) -> Option<RequestId> {
        let command = Command::Initiate {
            chat_id: chat.clone(),
            call_type: CallType::Voice,
            targets,
            video: None,
        };
        self.ask(place, command)
    }

    /// Hands an input to a client and performs what it asks for.
    pub(super) fn give(&mut self, place: Place, input: Input) {
        let now = Instant(self.now);
        let Some(page) = self.devices[place].page.as_mut() else {
            return;
        };
        let life = page.life;
        let outputs = page.client.handle(now, input);
        page.deadline = page.client.next_deadline();
        if page.deadline.is_some_and(|at| at <= now) {
            // A timer of the past would stop the world.
            page.deadline = Some(now.after(1));
        }
        for output in outputs {
            self.perform(place, life, output);
        }
        let clean = self.page(place).map_or(Ok(()), Page::is_clean);
        if let Err(error) = clean {
            self.accuse(place, &error);
        }
    }

    pub(super) fn accuse(&mut self, place: Place, error: &str) {
        let text = format!("{} {error}", self.devices[place].name);
        self.breach(text);
    }

    pub(super) fn perform(&mut self, place: Place, life: u32, output: Output) {
        match output {
            Output::Emit(event, ack) => self.emit(place, life, event, ack),
            Output::Reconnect => self.hang_up_socket(place),
            Output::Peer(link, command) => self.command_peer(place, life, link, command),
            Output::Media(command) => self.command_media(place, life, command),
            Output::Settle(id, result) => {
                self.say(|world| {
                    let name = &world.devices[place].name;
                    let text = story::settled(&result);
                    format!("{name}: {text}")
                });
                let text = story::settled(&result);
                self.settled.push((place, id, text));
                let page = self.devices[place].page.as_mut();
                if page.is_some_and(|page| page.owed.remove(&id).is_none()) {
                    self.accuse(place, &format!("settled request {} twice", id.0));
                }
            }
            Output::Notify(notification) => {
                if let Some(line) = story::notification(&notification) {
                    self.say(|world| format!("{}: {line}", world.devices[place].name));
                }
                if let Some((session, reason)) = story::end(&notification) {
                    self.ends.push((place, session, reason));
                }
                let told = self.devices[place]
                    .page
                    .as_mut()
                    .map_or(Ok(()), |page| page.told(&notification));
                if let Err(error) = told {
                    self.accuse(place, &error);
                }
            }
        }
    }
}

/// What a tab keeps of its call, as `kept.ts` does.
fn kept(page: &Page) -> Option<KeptCall> {
    use ringback_sdk::core::view::CallState;
    let call = page.client.call()?;
    let is_in_call = match call.state {
        CallState::Outgoing
        | CallState::Connecting
        | CallState::Connected
        | CallState::Reconnecting => true,
        CallState::Idle | CallState::Incoming | CallState::Ended => false,
    };
    let session = call.session_id.clone().filter(|_| is_in_call)?;
    Some(KeptCall {
        session,
        muted: call.muted,
        video: false,
    })
}
