//! Work on many files over as many threads as the machine has cores. Order is kept.

use std::thread;

/// Below this many items a thread costs more than it saves.
const ITEMS_PER_THREAD_MIN: usize = 128;

/// Maps in order.
pub(crate) fn in_parallel<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let share = items.len().div_ceil(cores).max(ITEMS_PER_THREAD_MIN);
    if items.len() <= share {
        return items.iter().map(work).collect();
    }
    thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = items
            .chunks(share)
            .map(|part| scope.spawn(move || part.iter().map(work).collect::<Vec<R>>()))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|cause| std::panic::resume_unwind(cause))
            })
            .collect()
    })
}

/// Room for a parser that descends on the stack into the deepest statement it is given. Only what is
/// used of it is ever taken from the machine.
#[cfg(feature = "lint")]
const DEEP_STACK_BYTES: usize = 256 * 1024 * 1024;

/// The same on threads with room for deep calls.
#[cfg(feature = "lint")]
pub(crate) fn in_parallel_deep<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let share = items.len().div_ceil(cores).max(ITEMS_PER_THREAD_MIN);
    let work = &work;
    let run = move |part: &[T]| part.iter().map(work).collect::<Vec<R>>();
    thread::scope(|scope| {
        let threads: Vec<_> = items
            .chunks(share)
            .map(|part| {
                let deep = thread::Builder::new().stack_size(DEEP_STACK_BYTES);
                (part, deep.spawn_scoped(scope, move || run(part)))
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|(part, thread)| match thread {
                Ok(thread) => thread
                    .join()
                    .unwrap_or_else(|cause| std::panic::resume_unwind(cause)),
                // A machine that gives no more threads still gives the answer.
                Err(_refused) => run(part),
            })
            .collect()
    })
}
