//! The command `goodfit`.

fn main() -> std::process::ExitCode {
    goodfit::cli::main()
}
