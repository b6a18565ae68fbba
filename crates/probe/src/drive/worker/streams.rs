//! What a worker's clients do on HTTP/2.

use std::rc::Rc;
use std::time::Instant;

use super::Worker;
use crate::drive::client::Desk;
use crate::drive::streams::Streams;
use crate::mode::Mode;

impl Worker {
    /// One client that shares a connection, until the time is up.
    pub(crate) async fn work_on(self: Rc<Self>, streams: Rc<Streams>) {
        loop {
            self.orders.pace.wait(self.orders.deadline).await;
            if self.is_over() {
                break;
            }
            if let Err(error) = streams.connect(&self.orders.door).await {
                self.not_let_in(&error).await;
                continue;
            }
            self.let_in.set(Instant::now());
            let mode = self.mixture.choose(|below| self.random.borrow_mut().u32(..below));
            self.send_on(&streams, mode).await;
        }
    }

    async fn send_on(&self, streams: &Streams, mode: Mode) {
        let asked = self.ask(mode);
        let knowledge = &self.orders.knowledge;
        let parts = knowledge.templates[asked.template].parts(asked.visitor, &knowledge.mint, asked.number);
        let begun = match streams.begin(&self.orders.door, &parts).await {
            Ok(begun) => begun,
            Err(ending) => return self.lost(&asked, &ending),
        };
        match mode {
            Mode::Cancelled => {
                self.sending(&asked);
                let wait = self.orders.usual.mul_f64(self.random.borrow_mut().f64() * 1.5);
                tokio::time::sleep(wait).await;
                begun.cancel();
                self.orders.ledger.given_up(&asked);
                self.tally.borrow_mut().cancelled += 1;
                return;
            }
            Mode::Burst => self.rendezvous.wait().await,
            _ => {}
        }
        if let Err(ending) = streams.finish(begun, &asked, self, self.orders.patience).await {
            self.orders.ledger.given_up(&asked);
            self.lost(&asked, &ending);
        }
    }
}
