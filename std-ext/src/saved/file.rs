//! A file that is replaced at once or not at all.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use tempfile::Builder;

/// The file's bytes, or nothing if there is no such file. One that begins with another `name`, and may be of any size, is not
/// read further than that.
pub(crate) fn read(path: &Path, name: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    Read::by_ref(&mut file).take(name.len() as u64).read_to_end(&mut bytes)?;
    if bytes == name {
        file.read_to_end(&mut bytes)?;
    }
    Ok(Some(bytes))
}

/// Writes a new file beside the old one and moves it into its place. Whatever happens meanwhile, under this path there
/// is the old file or the new one. A process that is killed meanwhile leaves what it wrote beside it, under a name that says
/// what it is.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push(".");
    let mut file = Builder::new().prefix(&prefix).suffix(".unfinished").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    sync_folder(folder)
}

/// A name is safe once its folder is written too.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
