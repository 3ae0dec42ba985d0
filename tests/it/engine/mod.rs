//! What the engine promises: nothing acknowledged is lost, and all mirrors agree with the store.

mod backup;
mod backup_series;
mod brute_force;
mod damage;
mod disk_full;
mod format;
mod gone;
mod index_health;
mod ladder;
mod model;
mod ranking;
mod repair;
mod schema;
mod snapshots;
mod writes;
