//! What a test does to the emulator beside calling its API: faults, the record of calls, nulls, snapshots.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::control;
use crate::emulator::Emulator;
use crate::faults::Fault;
use crate::generated::OPERATIONS;
use crate::operation::{Operation, UnknownOperation};
use crate::record::Call;
use crate::snapshot;

impl Emulator {
    /// Lets something go wrong with the next calls.
    ///
    /// ```
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use authlete_emulator::{Emulator, Fault};
    ///
    /// let emulator = Emulator::start().await?;
    /// emulator.inject(Fault::status(429).header("Retry-After", "1").on("auth_token_api").times(2))?;
    /// emulator.inject(Fault::disconnect_after_serving().on("auth_token_api"))?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the fault is for an operation that does not exist: it would never hit.
    pub fn inject(&self, fault: Fault) -> Result<(), UnknownOperation> {
        self.server.faults.add(fault.resolved(OPERATIONS)?);
        Ok(())
    }

    /// Makes the present state the one that a reset of the control API goes back to, in place of that of the start.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub fn keep_as_start(&self) -> io::Result<()> {
        control::keep_start(&self.server).map_err(|error| io::Error::other(error.message))
    }

    /// Takes back the faults that have not hit yet.
    pub fn clear_faults(&self) {
        self.server.faults.clear();
    }

    /// The calls that came in, oldest first: the last 1,000, or fewer where they are large.
    ///
    /// ```
    /// # async fn example() -> Result<(), authlete_emulator::StartError> {
    /// # let emulator = authlete_emulator::Emulator::start().await?;
    /// emulator.clear_calls();
    /// // … the code under test runs, and then:
    /// let made: Vec<_> = emulator.calls().iter().map(|call| call.operation_id().unwrap_or("?").to_owned()).collect();
    /// assert_eq!(made, [] as [&str; 0]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn calls(&self) -> Vec<Arc<Call>> {
        self.server.record.all()
    }

    /// Those of one operation, named as Authlete's description or as the Rust SDK names it: `auth_token_api`,
    /// `auth_token`.
    ///
    /// # Errors
    /// When there is no such operation.
    pub fn calls_of(&self, operation: &str) -> Result<Vec<Arc<Call>>, UnknownOperation> {
        let operation = Operation::named(OPERATIONS, operation)?;
        let mut calls = self.calls();
        calls.retain(|call| call.operation_id() == Some(operation.id));
        Ok(calls)
    }

    /// Forgets the calls so far.
    pub fn clear_calls(&self) {
        self.server.record.clear();
    }

    /// Whether answers say `null` where they otherwise leave a member out, and have a `null` at the end of each list, as
    /// Authlete's own have been seen to. Off at first.
    ///
    /// ```
    /// # async fn example() -> Result<(), authlete_emulator::StartError> {
    /// # let emulator = authlete_emulator::Emulator::start().await?;
    /// emulator.set_explicit_nulls(true);
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_explicit_nulls(&self, on: bool) {
        self.server.explicit_nulls.store(on, Ordering::Relaxed);
    }

    /// Saves the whole state as JSON: services, clients, tokens, keys, and whatever waits. It holds every secret.
    /// [`Builder::snapshot`](crate::Builder::snapshot) starts from it.
    ///
    /// ```
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// # use authlete_emulator::Emulator;
    /// # let emulator = Emulator::start().await?;
    /// emulator.save("state.json")?;
    /// let later = Emulator::builder().snapshot("state.json").start().await?;
    /// assert_eq!(later.organization_token(), emulator.organization_token());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the file cannot be written; then the one that was there is as it was.
    pub fn save(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let now = self.server.clock.now_millis();
        let text = self.server.with_state(|state| snapshot::write(state, now))?;
        snapshot::save(path.as_ref(), &text)
    }
}
