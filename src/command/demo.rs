//! demo
use crate::output::Output; use crate::error::Result;
pub async fn run(_o: &Output) -> Result<()> { Ok(()) }
