//! Clients that take several steps: each pass is somebody new, with no cookies yet.

use std::cell::RefCell;

use super::Worker;
use crate::drive::client::{Batch, Client, Desk, Reading};
use crate::jar::Jar;
use crate::ledger::Asked;
use crate::mode::Mode;
use crate::template::Visitor;
use crate::wire::Answer;

/// A worker, and what the client of this pass was given.
struct Pass<'a> {
    worker: &'a Worker,
    jar: RefCell<Jar>,
}

impl Desk for Pass<'_> {
    fn sending(&self, asked: &Asked) {
        self.worker.sending(asked);
    }

    fn answered(&self, asked: &Asked, answer: &Answer<'_>) {
        self.jar.borrow_mut().take(answer.head);
        self.worker.answered(asked, answer);
    }
}

impl Worker {
    /// All steps of one client. All its requests have one number: they are one identity.
    pub(super) async fn pass(&self, client: &mut Client, mode: Mode, bytes: &mut Vec<u8>) {
        let identity = self.ask(mode);
        let pass = Pass { worker: self, jar: RefCell::default() };
        for template in 0..self.orders.knowledge.templates.len() {
            if mode == Mode::NewConnection {
                client.hang_up();
            }
            if client.connect(&self.orders.door).await.is_err() {
                return;
            }
            let asked = [Asked { template, visitor: Visitor::Known, ..identity }];
            if !self.step(client, &asked, &pass, bytes).await {
                return;
            }
        }
    }

    /// One of them. Returns whether it was answered.
    async fn step(
        &self,
        client: &mut Client,
        asked: &[Asked; 1],
        pass: &Pass<'_>,
        bytes: &mut Vec<u8>,
    ) -> bool {
        let knowledge = &self.orders.knowledge;
        let [one] = asked;
        let template = &knowledge.templates[one.template];
        let cookies = pass.jar.borrow().header();
        bytes.clear();
        template.write_with(&cookies, one.visitor, &knowledge.mint, one.number, bytes);
        let last = bytes.len().saturating_sub(1);
        let mut rest = &bytes[..];
        if one.mode == Mode::Burst {
            if client.begin(&bytes[..last]).await.is_err() {
                client.hang_up();
                return false;
            }
            self.rendezvous.wait().await;
            rest = &bytes[last..];
        }
        let pace = if one.mode == Mode::SlowReader { Reading::Slowly } else { Reading::AtOnce };
        let to_head = template.ask().method == "HEAD";
        let batch = Batch { asked, bytes: rest, to_head, patience: self.orders.patience, pace };
        let mut answered = 0;
        if let Err(ending) = client.exchange(&batch, pass, &mut answered).await {
            self.orders.ledger.given_up(one);
            self.lost(one, &ending);
        }
        answered == 1
    }
}
