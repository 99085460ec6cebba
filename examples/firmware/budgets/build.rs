//! Link arguments of the images, here and not in a configuration that depends on the folder.

fn main() {
    let riscv = std::env::var("TARGET").is_ok_and(|target| target.starts_with("riscv"));
    // The script of `riscv-rt` does not ask for the memory map by itself.
    let memory = if riscv { Some("-Tmemory.x") } else { None };
    for argument in memory.into_iter().chain(["--nmagic", "-Tlink.x"]) {
        println!("cargo::rustc-link-arg-bins={argument}");
    }
    for image in ["instructions", "masked"] {
        println!("cargo::rustc-link-arg-bin={image}=-Tdefmt.x");
    }
}
