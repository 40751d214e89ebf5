//! Where the file of the database lies: whether it is still there, and may still grow.
//!
//! A file that was deleted or replaced goes on to be written to, and what is written is lost with
//! the process. A disk that is full shows only when a call cannot be stored. Both are looked at
//! without writing anything.

use std::path::{Path, PathBuf};

use crate::store::{StoreError, StoreResult};

/// The path of the file, and which file it was when it was opened.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
    #[cfg(unix)]
    file: FileId,
}

impl Place {
    /// Notes which file the path names now.
    pub(super) fn of(path: &Path) -> StoreResult<Self> {
        Ok(Self {
            path: path.to_owned(),
            #[cfg(unix)]
            file: FileId::of(path)?,
        })
    }

    /// Returns the path, where it still names that file.
    ///
    /// # Errors
    /// `Displaced`: whoever opened it now would read or make another one.
    pub(super) fn file(&self) -> StoreResult<&Path> {
        if self.is_there() {
            Ok(&self.path)
        } else {
            Err(StoreError::Displaced)
        }
    }

    /// Looks whether the path still names that file, and whether there is room beside it.
    ///
    /// # Errors
    /// `Displaced`, `DiskFull` or `ReadOnly`.
    pub(super) fn examine(&self) -> StoreResult<()> {
        room(self.file()?)
    }

    fn is_there(&self) -> bool {
        #[cfg(unix)]
        return FileId::of(&self.path).is_ok_and(|file| file == self.file);
        #[cfg(not(unix))]
        self.path.exists()
    }
}

/// A file, whatever it is called.
#[cfg(unix)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

#[cfg(unix)]
impl FileId {
    fn of(path: &Path) -> StoreResult<Self> {
        use std::os::unix::fs::MetadataExt;
        use std::sync::Arc;

        let found = std::fs::metadata(path);
        let found = found.map_err(|error| StoreError::Database(Arc::new(error)))?;
        Ok(Self {
            device: found.dev(),
            inode: found.ino(),
        })
    }
}

/// Asks the file system whether it takes some more. One that does not tell counts as roomy.
///
/// # Errors
/// `DiskFull` or `ReadOnly`.
#[cfg(unix)]
pub(super) fn room(path: &Path) -> StoreResult<()> {
    use rustix::fs::{StatVfsMountFlags, statvfs};

    /// A call takes some KiB of it; more is taken by the log until it is copied back.
    const LEAST_BYTES: u64 = 1024 * 1024;

    let Ok(disk) = statvfs(path) else {
        return Ok(());
    };
    if disk.f_flag.contains(StatVfsMountFlags::RDONLY) {
        return Err(StoreError::ReadOnly);
    }
    // What is kept for the administrator is room for them alone.
    let free = if rustix::process::geteuid().is_root() {
        disk.f_bfree
    } else {
        disk.f_bavail
    };
    // One without a bound says that it has no blocks at all.
    if disk.f_blocks > 0 && free.saturating_mul(disk.f_frsize) < LEAST_BYTES {
        return Err(StoreError::DiskFull);
    }
    Ok(())
}

/// Elsewhere, a write that fails is what tells of a full disk.
#[cfg(not(unix))]
pub(super) fn room(_: &Path) -> StoreResult<()> {
    Ok(())
}
