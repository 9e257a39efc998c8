//! Who gossips: a node, from one start of its discovery to the next.

use std::net::IpAddr;

use foca::Identity;

/// A node by its address in the mesh, which the cluster file gives to it alone, and the number of this life of its.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) address: IpAddr,
    /// Drawn at each start. It tells lives apart and says nothing about their order.
    pub(super) number: u64,
}

impl Identity for Life {
    type Addr = IpAddr;

    /// Whoever was taken for dead goes on in his next life.
    fn renew(&self) -> Option<Self> {
        Some(Self { address: self.address, number: self.number.wrapping_add(1) })
    }

    fn addr(&self) -> IpAddr {
        self.address
    }

    /// Only the next life beats the one before. Between any others the word that came last is right: what arrives about a life came from the node
    /// itself, in a datagram that is newer than all before (`envelope`, `codec`). An order by numbers would shut out whoever starts with a
    /// smaller one, as a machine does whose clock went back.
    fn win_addr_conflict(&self, adversary: &Self) -> bool {
        self.number == adversary.number.wrapping_add(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_life_wins_and_others_make_way_for_what_came_last() {
        let life = |number| Life { address: [10, 250, 0, 1].into(), number };
        let next = life(7).renew().expect("a next life");
        assert!(next.win_addr_conflict(&life(7)));
        assert!(!life(7).win_addr_conflict(&next));
        assert!(!life(900).win_addr_conflict(&life(7)));
        assert_eq!(life(u64::MAX).renew(), Some(life(0)));
    }
}
