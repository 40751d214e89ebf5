//! What many clients do at once, and how long it takes them.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::client::{Client, Event, Failed};

/// Sockets that are opened side by side.
const OPENED_AT_ONCE: usize = 100;
/// Candidates that each side of a call sends.
const CANDIDATES: usize = 10;
/// What is sent as a description: about as long as that of a voice call.
static SDP: LazyLock<String> = LazyLock::new(|| "a=rtpmap:111 opus/48000/2\\r\\n".repeat(70));
static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Where and as whom to connect.
#[derive(Clone)]
pub struct Target {
    pub url: String,
    pub secret: String,
}

/// Latencies in milliseconds, and how long all of it took.
#[derive(Debug, Serialize)]
pub struct Report {
    pub done: usize,
    pub seconds: f64,
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub max: f64,
}

impl Report {
    pub fn of(mut times: Vec<f64>, began: Instant) -> Self {
        times.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let last = times.len().saturating_sub(1);
            times
                .get((last as f64 * share).round() as usize)
                .copied()
                .unwrap_or(0.0)
        };
        Self {
            done: times.len(),
            seconds: began.elapsed().as_secs_f64(),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            max: at(1.0),
        }
    }
}

/// The two people of a chat: `a7` and `b7` of `c7`.
pub struct Pair {
    pub number: usize,
    pub caller: Client,
    pub callee: Client,
}

/// Connects one device for each name.
pub async fn connect(target: &Target, names: Vec<String>) -> Result<Vec<Client>, Failed> {
    let mut clients = Vec::with_capacity(names.len());
    for some in names.chunks(OPENED_AT_ONCE) {
        let opening = some
            .iter()
            .map(|name| Client::connect(&target.url, &target.secret, name));
        for client in futures_util::future::join_all(opening).await {
            clients.push(client?);
        }
    }
    Ok(clients)
}

/// Connects the people of the first chats.
pub async fn meet(target: &Target, pairs: usize) -> Result<Vec<Pair>, Failed> {
    let names = |side| (0..pairs).map(move |n| format!("{side}{n}")).collect();
    let callers = connect(target, names('a')).await?;
    let callees = connect(target, names('b')).await?;
    let pair = |(number, (caller, callee))| Pair {
        number,
        caller,
        callee,
    };
    Ok(callers
        .into_iter()
        .zip(callees)
        .enumerate()
        .map(pair)
        .collect())
}

/// Lets each pair place so many whole calls, so many of them in a second.
pub async fn lifecycles(pairs: Vec<Pair>, calls: usize, rate: f64) -> Result<Report, Failed> {
    let began = Instant::now();
    let times = side_by_side(pairs, move |mut pair| async move {
        let mut times = Vec::with_capacity(calls);
        let mut tick = pace(rate, pair.number);
        for _ in 0..calls {
            tick.tick().await;
            let placed = Instant::now();
            pair.whole_call().await?;
            times.push(ms_since(placed));
        }
        Ok(times)
    });
    Ok(Report::of(times.await?, began))
}

/// Lets both sides of each pair send candidates while they are in a call, `burst` of them at once.
pub async fn relay(
    pairs: Vec<Pair>,
    messages: usize,
    rate: f64,
    burst: usize,
) -> Result<Report, Failed> {
    let began = Instant::now();
    let times = side_by_side(pairs, move |pair| async move {
        let Pair {
            number,
            mut caller,
            mut callee,
        } = pair;
        let session = current(&caller).await?;
        let there = stream(
            &mut caller,
            session.clone(),
            messages,
            (rate, burst),
            number,
        );
        let back = stream(&mut callee, session, messages, (rate, burst), number + 1);
        let (mut times, others) = tokio::try_join!(there, back)?;
        times.extend(others);
        Ok(times)
    });
    Ok(Report::of(times.await?, began))
}

/// Sends candidates at that rate, so many at once, and times those that come.
async fn stream(
    client: &mut Client,
    session: String,
    messages: usize,
    (rate, burst): (f64, usize),
    number: usize,
) -> Result<Vec<f64>, Failed> {
    let mut tick = pace(rate / burst as f64, number);
    let mut times = Vec::with_capacity(messages);
    let mut sent = 0;
    while sent < messages || times.len() < messages {
        tokio::select! {
            _ = tick.tick(), if sent < messages => {
                for _ in 0..burst.min(messages - sent) {
                    client.send("webrtc:ice-candidate", &candidate(&session));
                    sent += 1;
                }
            }
            event = client.next("webrtc:ice-candidate") => times.push(age(&event?)?),
        }
    }
    Ok(times)
}

/// Puts each pair into a call.
pub async fn hold(pairs: &mut [Pair]) -> Result<(), Failed> {
    for pair in pairs {
        let session = pair.ring().await?;
        pair.callee.ask("call:accept", &named(&session)).await?;
    }
    Ok(())
}

/// Waits until the server is gone, comes back with every client and resumes its call.
pub async fn come_back(target: &Target, pairs: Vec<Pair>) -> Result<Vec<f64>, Failed> {
    let mut tasks = JoinSet::new();
    for pair in pairs {
        let session = current(&pair.caller).await?;
        for (side, client) in [('a', pair.caller), ('b', pair.callee)] {
            let (target, name) = (target.clone(), format!("{side}{}", pair.number));
            tasks.spawn(back(target, name, client, session.clone()));
        }
    }
    println!(r#"{{"waiting":{}}}"#, tasks.len());
    let mut times = Vec::new();
    while let Some(time) = tasks.join_next().await {
        times.push(time??);
    }
    Ok(times)
}

/// Returns at what time of the wall clock the client was back, in milliseconds.
async fn back(
    target: Target,
    name: String,
    mut client: Client,
    session: String,
) -> Result<f64, Failed> {
    client.closed().await;
    drop(client);
    loop {
        // Some tenths of a second, as different as the names are: a herd, as it comes in life.
        let spread = name
            .bytes()
            .fold(7_u64, |sum, byte| sum * 31 + u64::from(byte))
            % 300;
        tokio::time::sleep(Duration::from_millis(100 + spread)).await;
        let Ok(client) = Client::connect(&target.url, &target.secret, &name).await else {
            continue;
        };
        let Ok(ack) = client.ask("call:resume", &named(&session)).await else {
            return Err(format!("{name} could not resume").into());
        };
        if ack["call"]["status"] != "ongoing" {
            return Err(format!("{name} found the call {ack}").into());
        }
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?;
        // It stays connected until the process ends.
        std::mem::forget(client);
        return Ok(now.as_secs_f64() * 1_000.0);
    }
}

impl Pair {
    /// Places a call and waits until it rings.
    async fn ring(&mut self) -> Result<String, Failed> {
        let chat = format!(r#"{{"chatId":"c{}","callType":"voice"}}"#, self.number);
        let ack = self.caller.ask("call:initiate", &chat).await?;
        self.callee.next("call:incoming").await?;
        Ok(ack["sessionId"].as_str().ok_or("no sessionId")?.to_owned())
    }

    /// Ring, accept, offer, answer, candidates, end.
    async fn whole_call(&mut self) -> Result<(), Failed> {
        let session = self.ring().await?;
        let call = named(&session);
        self.callee.ask("call:accept", &call).await?;
        self.caller.next("call:accepted").await?;
        self.caller
            .send("webrtc:offer", &described(&session, "offer"));
        self.callee.next("webrtc:offer").await?;
        self.callee
            .send("webrtc:answer", &described(&session, "answer"));
        self.caller.next("webrtc:answer").await?;
        for _ in 0..CANDIDATES {
            self.caller
                .send("webrtc:ice-candidate", &candidate(&session));
            self.callee
                .send("webrtc:ice-candidate", &candidate(&session));
        }
        for _ in 0..CANDIDATES {
            self.callee.next("webrtc:ice-candidate").await?;
            self.caller.next("webrtc:ice-candidate").await?;
        }
        self.caller.ask("call:end", &call).await?;
        self.callee.next("call:ended").await?;
        Ok(())
    }
}

async fn side_by_side<F, Fut>(pairs: Vec<Pair>, does: F) -> Result<Vec<f64>, Failed>
where
    F: Fn(Pair) -> Fut,
    Fut: Future<Output = Result<Vec<f64>, Failed>> + Send + 'static,
{
    let mut tasks: JoinSet<_> = pairs.into_iter().map(does).collect();
    let mut all = Vec::new();
    while let Some(times) = tasks.join_next().await {
        all.extend(times??);
    }
    Ok(all)
}

/// A steady rate; not everyone begins in the same moment.
fn pace(rate: f64, number: usize) -> tokio::time::Interval {
    let mut tick = interval(Duration::from_secs_f64(1.0 / rate));
    tick.reset_after(Duration::from_secs_f64(number as f64 * 0.618 % 1.0 / rate));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick
}

/// Returns the id of the one call that this client is in.
async fn current(client: &Client) -> Result<String, Failed> {
    let ack = client.ask("call:sync", "{}").await?;
    let id: &Value = &ack["calls"][0]["sessionId"];
    Ok(id.as_str().ok_or("in no call")?.to_owned())
}

fn named(session: &str) -> String {
    format!(r#"{{"sessionId":"{session}"}}"#)
}

fn described(session: &str, kind: &str) -> String {
    format!(
        r#"{{"sessionId":"{session}","{kind}":{{"type":"{kind}","sdp":"{}"}}}}"#,
        *SDP
    )
}

/// A candidate as long as one of a browser's, which carries when it was sent.
fn candidate(session: &str) -> String {
    let at = START.elapsed().as_micros();
    format!(
        r#"{{"sessionId":"{session}","candidate":{{"candidate":"candidate:842163049 1 udp 1677729535 203.0.113.7 46154 typ srflx raddr 10.0.0.17 rport 46154 generation 0 ufrag EEtu network-id 1 {at}","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":"EEtu"}}}}"#
    )
}

/// How old a candidate is that just came, in milliseconds.
fn age(event: &Event) -> Result<f64, Failed> {
    let text = event.data.get();
    let (before, _) = text.split_once(r#"","sdpMid"#).ok_or("another candidate")?;
    let (_, at) = before.rsplit_once(' ').ok_or("another candidate")?;
    let at = Duration::from_micros(at.parse()?);
    Ok(START.elapsed().saturating_sub(at).as_secs_f64() * 1_000.0)
}

fn ms_since(moment: Instant) -> f64 {
    moment.elapsed().as_secs_f64() * 1_000.0
}
