//! Generates load: reads one command per line, does it, and answers with one line of JSON.
//!
//! Commands: `meet PAIRS`, `idle COUNT`, `hold`, `relay MESSAGES RATE BURST`, `lifecycles CALLS RATE`,
//! `back`.

mod client;
mod phases;
mod token;

use std::time::Instant;

use client::{Client, Failed};
use phases::{Pair, Target};
use serde_json::json;
use tokio::io::{AsyncBufReadExt, BufReader};

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments
        .next()
        .ok_or("usage: ringback-load ws://HOST:PORT SECRET")?;
    let secret = arguments.next().ok_or("the secret is missing")?;
    let target = Target { url, secret };
    let mut idle: Vec<Client> = Vec::new();
    let mut pairs: Vec<Pair> = Vec::new();
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |at: usize| {
            words
                .get(at)
                .and_then(|word| word.parse::<f64>().ok())
                .unwrap_or(0.0)
        };
        let began = Instant::now();
        let answer = match words[0] {
            "meet" => {
                pairs = phases::meet(&target, number(1) as usize).await?;
                json!({"sockets": pairs.len() * 2, "seconds": began.elapsed().as_secs_f64()})
            }
            "idle" => {
                let names = (0..number(1) as usize)
                    .map(|n| format!("idle{n}"))
                    .collect();
                idle.extend(phases::connect(&target, names).await?);
                json!({"sockets": idle.len(), "seconds": began.elapsed().as_secs_f64()})
            }
            "hold" => {
                phases::hold(&mut pairs).await?;
                json!({"calls": pairs.len(), "seconds": began.elapsed().as_secs_f64()})
            }
            "relay" => {
                let report = phases::relay(
                    std::mem::take(&mut pairs),
                    number(1) as usize,
                    number(2),
                    number(3) as usize,
                );
                json!(report.await?)
            }
            "lifecycles" => {
                let report =
                    phases::lifecycles(std::mem::take(&mut pairs), number(1) as usize, number(2));
                json!(report.await?)
            }
            "back" => json!({"at": phases::come_back(&target, std::mem::take(&mut pairs)).await?}),
            other => return Err(format!("there is no command {other}").into()),
        };
        println!("{answer}");
    }
    Ok(())
}
