//! manifestgen turns one typed cluster file into everything that a k3s cluster runs on.
//!
//! The way of the data: `config` reads the layers of `cluster.yaml` into a [`config::Cluster`]; `render` lets the
//! components make objects and files of it and seals them into a [`manifest::Release`]; `sink` writes that release out,
//! `live` and `lab` bring it before a real API server. docs/ARCHITECTURE.md has the picture and the table of rooms.

// Helpers of tests take `json!(…)` as it comes.
#![cfg_attr(test, allow(clippy::needless_pass_by_value))]

pub mod cel;
pub mod certificate;
pub mod cli;
pub mod component;
pub mod config;
pub mod data;
pub mod diag;
pub mod diagram;
pub mod index;
pub mod lab;
pub mod live;
pub mod manifest;
pub mod mesh;
pub mod nix;
pub mod node;
pub mod online;
pub mod preflight;
pub mod process;
pub mod reference;
pub mod render;
pub mod rule;
pub mod scenario;
pub mod schema;
pub mod secret;
pub mod sink;
pub mod source;
pub mod ui;
pub mod versions;
pub mod yaml;
