//! When a missing reference is an error.
