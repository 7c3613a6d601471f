//! Tree to model.
