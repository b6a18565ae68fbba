use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jostle_probe::{AnswerPlace, Mode, PlaceError, RequestPlace};

use super::{ReportArguments, duration};

/// Sends requests that each carry an identity of their own, first one after the other and then many at once, and looks
/// through every answer for somebody else's. Servers on this machine only, unless --i-own-this-server is given.
#[derive(Args, Debug)]
pub(crate) struct ProbeArguments {
    /// The server, and what to ask it, such as http://127.0.0.1:8080/cart.
    #[arg(value_name = "URL", required_unless_present = "curl")]
    pub(crate) url: Option<String>,

    /// Where requests carry their identity: header:NAME, cookie:NAME, query:NAME or json:/POINTER (of the request's body);
    /// may be repeated. Without it, places are chosen and told.
    #[arg(long, value_name = "PLACE")]
    pub(crate) token: Vec<RequestPlace>,

    /// Where the server issues ids: cookie:NAME or json:/POINTER; may be repeated. Some requests then come without the
    /// token of the same name, as new visitors. Without it, cookies that are set to another value each time.
    #[arg(long, value_name = "PLACE", value_parser = issued)]
    pub(crate) session: Vec<AnswerPlace>,

    /// A place of answers that may differ under load: json:/POINTER, cookie:NAME, header:NAME, body or status; may be
    /// repeated. Somebody else's identity is told there all the same.
    #[arg(long, value_name = "PLACE")]
    pub(crate) ignore: Vec<AnswerPlace>,

    /// A request as it is typed for curl, or copied from a browser; its URL is where the server is.
    #[arg(long, value_name = "COMMAND", conflicts_with_all = ["url", "path", "openapi"])]
    pub(crate) curl: Option<String>,

    /// Ask what FILE lists: a path in each line, a method before it where that is not GET.
    #[arg(long, value_name = "FILE", conflicts_with = "openapi")]
    pub(crate) path: Option<PathBuf>,

    /// Ask what an OpenAPI document (YAML or JSON) describes, as far as it only reads.
    #[arg(long, value_name = "FILE")]
    pub(crate) openapi: Option<PathBuf>,

    /// Let every client take the steps in FILE (TOML), one after the other and with cookies of its own: a `[[step]]` has a
    /// request ("POST /login"), headers and a body. {token} stands for the client's identity.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["curl", "path", "openapi", "http2"])]
    pub(crate) scenario: Option<PathBuf>,

    /// Compare with the new version of the server at URL: each request goes to both, in turn and then many at once. Of URL
    /// only the server counts. Methods other than GET, HEAD and OPTIONS are refused without --unsafe-methods.
    #[arg(long, value_name = "URL", conflicts_with_all = ["scenario", "http2", "mode", "session", "threads"])]
    pub(crate) against: Option<String>,

    /// A second copy of the old version: what differs between the two is noise. Without it the old one is asked twice.
    #[arg(long, value_name = "URL", requires = "against")]
    pub(crate) noise: Option<String>,

    /// Let --against send requests that are meant to change something, such as POST: each version gets them, and the old
    /// one twice where there is no --noise.
    #[arg(long, requires = "against")]
    pub(crate) unsafe_methods: bool,

    /// Watch the server meanwhile, which runs as process PID, as jostle watch does: what collides there is told with the
    /// requests that were under way.
    #[arg(long, value_name = "PID", value_parser = clap::value_parser!(i32).range(1..), conflicts_with = "against")]
    pub(crate) watch_pid: Option<i32>,

    /// How long to send many requests at once, such as 500ms or 2m; 10s where --requests is not given either.
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub(crate) duration: Option<Duration>,

    /// How many requests to send, many at once.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) requests: Option<u64>,

    /// How many clients there are.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clients)]
    pub(crate) concurrency: usize,

    /// How many requests a second may be sent, all clients together. Without it as many as the server answers; on another
    /// machine, 50.
    #[arg(long, value_name = "R", value_parser = rate)]
    pub(crate) rate: Option<f64>,

    /// How requests are sent: keep-alive, new-connection, burst, cancelled, slow-reader or pipelined; may be repeated.
    /// Without it, all of them, mixed.
    #[arg(long, value_name = "MODE")]
    pub(crate) mode: Vec<Mode>,

    /// Speak HTTP/2, sixteen clients on a connection; without TLS, to a server that is known to speak it.
    #[arg(long)]
    pub(crate) http2: bool,

    /// How long to wait for one answer.
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "10s")]
    pub(crate) timeout: Duration,

    /// Trust the certificates in FILE (PEM), instead of those that this machine trusts.
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_ca: Option<PathBuf>,

    /// Probe a server on another machine: it gets requests that are meant to confuse it.
    #[arg(long)]
    pub(crate) i_own_this_server: bool,

    /// How many threads send; half of the processors by default.
    #[arg(long, value_name = "N", value_parser = clients)]
    pub(crate) threads: Option<usize>,

    /// What the random choices are drawn from; chosen and printed when not given.
    #[arg(long)]
    pub(crate) seed: Option<u64>,

    /// Where findings are recorded, for jostle replay.
    #[arg(long, value_name = "DIR", default_value = ".jostle")]
    pub(crate) case: PathBuf,

    #[command(flatten)]
    pub(crate) report: ReportArguments,
}

fn issued(text: &str) -> Result<AnswerPlace, PlaceError> {
    AnswerPlace::issued(text)
}

/// More clients than this need more file descriptors than most systems give.
const MOST_CLIENTS: usize = 10_000;

fn clients(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..=MOST_CLIENTS) => Ok(number),
        _ => Err(format!("not a number from 1 to {MOST_CLIENTS}")),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate >= 0.001 => Ok(rate),
        _ => Err("not a number of requests a second, such as 100 or 0.5".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::{Arguments, Verb};
    use super::*;

    fn parsed(line: &str) -> Result<ProbeArguments, clap::Error> {
        let words = ["jostle", "probe"].into_iter().chain(line.split_whitespace());
        Arguments::try_parse_from(words).map(|arguments| match arguments.verb {
            Verb::Probe(probe) => *probe,
            _ => panic!("a probe was asked for"),
        })
    }

    #[test]
    fn places_are_named_by_their_kind() {
        let probe =
            parsed("http://h --token cookie:sid --token json:/u --session cookie:sid").expect("valid");
        assert_eq!((probe.token.len(), probe.session.len()), (2, 1));
        assert!(parsed("").is_err() && parsed("http://h --curl x").is_err() && parsed("--curl x").is_ok());
        assert!(parsed("http://h --token sid").is_err() && parsed("http://h --session query:u").is_err());
    }

    #[test]
    fn a_comparison_takes_a_server_and_leaves_out_what_it_does_not_do() {
        let probe = parsed("http://h --against http://h2 --noise http://h3").expect("valid");
        assert_eq!((probe.against.as_deref(), probe.unsafe_methods), (Some("http://h2"), false));
        assert!(
            parsed("http://h --noise http://h3").is_err() && parsed("http://h --unsafe-methods").is_err()
        );
        assert!(parsed("http://h --against http://h2 --http2").is_err());
    }

    #[test]
    fn numbers_have_their_limits() {
        assert!(parsed("http://h --concurrency 0").is_err() && parsed("http://h --rate 0").is_err());
        assert!(parsed("http://h --rate nan").is_err() && parsed("http://h --mode fast").is_err());
        assert_eq!(parsed("http://h --rate 0.5 --mode burst").expect("valid").mode, [Mode::Burst]);
    }
}
