//! Loops over columns, done with the widest instructions the machine has.
//!
//! The program is built for any processor of its kind, and so with few of the instructions of newer ones. What is in
//! [`vector_loops`] is built several times, and the one taken that fits the machine. All give the same bits: the same
//! operations in the same order, and never two of them as one.

/// Functions without a result, made of loops. What they call has to be `#[inline(always)]`.
macro_rules! vector_loops {
    ($($(#[$meta:meta])* $visibility:vis fn $name:ident<$life:lifetime>($($argument:ident: $kind:ty),* $(,)?) $body:block)*) => {$(
        $(#[$meta])*
        $visibility fn $name<$life>($($argument: $kind),*) {
            struct Work<$life> { $($argument: $kind),* }
            impl<$life> pulp::NullaryFnOnce for Work<$life> {
                type Output = ();
                #[inline(always)]
                fn call(self) {
                    let Work { $($argument),* } = self;
                    $body
                }
            }
            pulp::Arch::new().dispatch(Work { $($argument),* });
        }
    )*};
}

pub(super) use vector_loops;
