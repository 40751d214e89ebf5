//! Connecting, and the indexes of the collections.

use std::sync::Arc;
use std::time::Duration;

use mongodb::bson::{Document, doc};
use mongodb::error::{Error, ErrorKind, WriteFailure};
use mongodb::options::{ClientOptions, IndexOptions, WriteConcern};
use mongodb::{Client, Collection, Database, IndexModel};

use crate::store::{Inspection, Migration, StoreError, StoreResult, inspected};

/// The version of the indexes below; it grows with each change to them.
const VERSION: u32 = 1;

/// The database, where the address names none.
const DATABASE: &str = "ringback";

/// How long to look for a server: when the database is away, callers are told soon.
const SELECTION_TIMEOUT: Duration = Duration::from_secs(5);

/// What is refused because a unique index holds it already.
const DUPLICATE_KEY: i32 = 11_000;

/// Connects and makes the indexes.
pub(super) async fn open(url: &str) -> StoreResult<(Client, Database, Migration)> {
    let (client, database) = connect(url).await?;
    let migration = migrate(&database).await?;
    Ok((client, database, migration))
}

/// Connects and looks at the version of the indexes: reading makes no collection.
pub(in crate::store) async fn inspect(url: &str) -> StoreResult<Inspection> {
    let (client, database) = connect(url).await?;
    let found = version_of(&database.collection("schema")).await;
    client.shutdown().await;
    inspected(found?, VERSION)
}

async fn connect(url: &str) -> StoreResult<(Client, Database)> {
    let mut options = ClientOptions::parse(url).await?;
    options.app_name = Some("ringback-server".to_owned());
    let timeout = options
        .server_selection_timeout
        .get_or_insert(SELECTION_TIMEOUT);
    let timeout = *timeout;
    options.connect_timeout.get_or_insert(timeout);
    // What is acked outlives the loss of the primary, unless the address says otherwise.
    options
        .write_concern
        .get_or_insert_with(WriteConcern::majority);
    let client = Client::with_options(options)?;
    let database = client
        .default_database()
        .unwrap_or_else(|| client.database(DATABASE));
    Ok((client, database))
}

/// Returns the version of the indexes, 0 when there are none.
async fn version_of(versions: &Collection<Document>) -> StoreResult<u32> {
    let known = versions.find_one(doc! {"_id": "ringback"}).await?;
    let found = known.and_then(|known| known.get_i64("version").ok());
    Ok(found.map_or(0, |version| u32::try_from(version).unwrap_or(u32::MAX)))
}

/// Makes what is missing. Nodes that start together may do it at the same time: it is all idempotent.
async fn migrate(database: &Database) -> StoreResult<Migration> {
    let versions: Collection<Document> = database.collection("schema");
    let found = version_of(&versions).await?;
    if found > VERSION {
        return Err(StoreError::Newer);
    }
    if found < VERSION {
        make_indexes(database).await?;
        let version = doc! {"$max": {"version": i64::from(VERSION)}};
        set_version(&versions, version).await?;
    }
    Ok(Migration {
        found,
        current: VERSION,
    })
}

async fn set_version(versions: &Collection<Document>, version: Document) -> StoreResult<()> {
    let set = || {
        versions
            .update_one(doc! {"_id": "ringback"}, version.clone())
            .upsert(true)
    };
    match set().await {
        // Another node made the document at this very moment: now it is there.
        Err(error) if is_duplicate(&error) => set().await?,
        other => other?,
    };
    Ok(())
}

async fn make_indexes(database: &Database) -> StoreResult<()> {
    let live = doc! {"live": true};
    let requested = doc! {"requestId": {"$exists": true}};
    let calls = [
        index("history", doc! {"users": 1, "initiatedAt": -1, "_id": -1}),
        // A repeated `requestId` of the same caller is the same call.
        unique(partial(
            "request",
            doc! {"callerId": 1, "requestId": 1},
            requested,
        )),
        // These hold the few live calls alone, however many are stored.
        partial("live", doc! {"users": 1}, live.clone()),
        partial("due", doc! {"deadline": 1}, live),
        sparse("ended", doc! {"endedAt": 1}),
        sparse("letters", doc! {"letterDue": 1}),
    ];
    let quality = [unique(index(
        "link",
        doc! {"callId": 1, "from": 1, "to": 1, "at": 1},
    ))];
    let chats = [index("members", doc! {"members.id": 1})];
    let collection = |name| database.collection::<Document>(name);
    collection("calls").create_indexes(calls).await?;
    collection("quality").create_indexes(quality).await?;
    collection("chats").create_indexes(chats).await?;
    Ok(())
}

fn index(name: &str, keys: Document) -> IndexModel {
    let options = IndexOptions::builder().name(name.to_owned()).build();
    IndexModel::builder().keys(keys).options(options).build()
}

fn partial(name: &str, keys: Document, only: Document) -> IndexModel {
    with(index(name, keys), |options| {
        options.partial_filter_expression = Some(only);
    })
}

fn sparse(name: &str, keys: Document) -> IndexModel {
    with(index(name, keys), |options| options.sparse = Some(true))
}

fn unique(model: IndexModel) -> IndexModel {
    with(model, |options| options.unique = Some(true))
}

fn with(mut model: IndexModel, change: impl FnOnce(&mut IndexOptions)) -> IndexModel {
    change(model.options.get_or_insert_default());
    model
}

/// Tells whether a unique index refused the write.
pub(super) fn is_duplicate(error: &Error) -> bool {
    if let ErrorKind::Write(WriteFailure::WriteError(error)) = error.kind.as_ref() {
        return error.code == DUPLICATE_KEY;
    }
    matches!(error.kind.as_ref(), ErrorKind::Command(error) if error.code == DUPLICATE_KEY)
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        if matches!(*error.kind, ErrorKind::Shutdown) {
            return Self::Closed;
        }
        Self::Database(Arc::new(error))
    }
}
