use jostle_probe::*;
use std::time::Duration;
struct O(std::time::Instant);
impl Observer for O {
    fn found(&mut self, f: &jostle_model::Finding) {
        println!("{:.2}s FOUND {} {}", self.0.elapsed().as_secs_f64(), f.id, f.title);
    }
    fn progress(&mut self, _: &Progress) {}
    fn notice(&mut self, n: &str) {
        println!("notice {n}");
    }
}
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let get = |k: &str| a.iter().position(|x| x == k).map(|i| a[i + 1].clone());
    let list = |k: &str| {
        a.iter().enumerate().filter(|(_, x)| *x == k).map(|(i, _)| a[i + 1].clone()).collect::<Vec<_>>()
    };
    let modes =
        list("--mode").iter().map(|m| Mode::CHOICE.into_iter().find(|x| x.name() == m).unwrap()).collect();
    let o = Options {
        target: Target::parse(&a[1]).unwrap(),
        asks: vec![],
        tokens: list("--token").iter().map(|t| t.parse().unwrap()).collect(),
        sessions: list("--session").iter().map(|t| t.parse().unwrap()).collect(),
        duration: Duration::from_secs_f64(get("--for").map_or(3.0, |x| x.parse().unwrap())),
        requests: get("--requests").map(|x| x.parse().unwrap()),
        concurrency: get("--concurrency").map_or(64, |x| x.parse().unwrap()),
        rate: None,
        modes,
        patience: Duration::from_secs(10),
        tls_ca: None,
        elsewhere: false,
        seed: 1,
        threads: get("--threads").map_or(1, |x| x.parse().unwrap()),
        stop: Default::default(),
    };
    match probe(&o, &mut O(std::time::Instant::now())) {
        Ok(x) => {
            println!("{:#?}", x.summary);
            if a.contains(&"-v".to_string()) {
                println!("{:#?}", x.findings)
            } else {
                for f in &x.findings {
                    println!("{} x{}", f.title, f.times())
                }
            }
        }
        Err(e) => println!("failed to {e}: {:?}", std::error::Error::source(&e).map(|s| s.to_string())),
    }
}
