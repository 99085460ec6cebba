//! Writes the pages that inputs of `metrics_text` come to, for other readers: `pages INPUTS PAGES`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use fusebox_fuzz_checks::metrics_text;

fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [inputs, pages] = &arguments[..] else { bail!("expected two folders: with inputs, and for pages") };
    for entry in fs::read_dir(inputs).with_context(|| inputs.clone())? {
        let path = entry?.path();
        let name = path.file_name().with_context(|| path.display().to_string())?;
        if let Some([_, page]) = metrics_text::pages(&fs::read(&path)?) {
            fs::write(Path::new(pages).join(name), page).with_context(|| pages.clone())?;
        }
    }
    Ok(())
}
