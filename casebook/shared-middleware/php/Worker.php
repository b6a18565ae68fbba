<?php

declare(strict_types=1);

use Amp\Loop;
use GuzzleHttp\Psr7\Message;
use GuzzleHttp\Psr7\Query;
use GuzzleHttp\Psr7\Response;
use GuzzleHttp\Psr7\ServerRequest;
use Psr\Http\Message\ServerRequestInterface;

/**
 * A resident worker: one process on one event loop that serves all requests, a fiber for each. It takes what a
 * browser sends without a body, over connections that stay open.
 */
final class Worker
{
    private const HEAD_LIMIT = 65536;

    /** @param Closure(ServerRequestInterface): \Psr\Http\Message\ResponseInterface $site */
    public function __construct(private Closure $site)
    {
    }

    /** Lets the other fibers run for so long. */
    public static function pause(int $milliseconds): void
    {
        $fiber = Fiber::getCurrent();
        Loop::delay($milliseconds, static fn () => $fiber->resume());
        Fiber::suspend();
    }

    /** Serves until the process is asked to end. */
    public function serve(int $port): void
    {
        $context = stream_context_create(['socket' => ['backlog' => 1024, 'tcp_nodelay' => true]]);
        $flags = STREAM_SERVER_BIND | STREAM_SERVER_LISTEN;
        $server = stream_socket_server("tcp://127.0.0.1:$port", $code, $why, $flags, $context);
        if (!$server) {
            throw new RuntimeException("cannot listen: $why");
        }
        stream_set_blocking($server, false);
        Loop::run(function () use ($server): void {
            Loop::onReadable($server, fn () => $this->accept($server));
            Loop::onSignal(SIGTERM, static fn () => Loop::stop());
            echo 'listening on http://', stream_socket_get_name($server, false), "\n";
        });
    }

    /** @param resource $server */
    private function accept($server): void
    {
        $client = @stream_socket_accept($server, 0);
        if ($client) {
            stream_set_blocking($client, false);
            $received = '';
            $waiting = new SplQueue();
            Loop::onReadable($client, function (string $watcher) use ($client, &$received, $waiting): void {
                $this->receive($watcher, $client, $received, $waiting);
            });
        }
    }

    /** @param resource $client */
    private function receive(string $watcher, $client, string &$received, SplQueue $waiting): void
    {
        $piece = fread($client, 8192);
        if ($piece === '' && !feof($client)) {
            return;
        }
        $received .= $piece;
        if ($piece === '' || $piece === false || strlen($received) > self::HEAD_LIMIT) {
            Loop::cancel($watcher);
            fclose($client);
            return;
        }
        while (($end = strpos($received, "\r\n\r\n")) !== false) {
            $head = substr($received, 0, $end + 4);
            $received = substr($received, $end + 4);
            $waiting->enqueue($head);
            if (count($waiting) === 1) {
                (new Fiber(fn () => $this->respondInOrder($client, $waiting)))->start();
            }
        }
    }

    /**
     * Answers the requests of one connection in their order (RFC 9112, 9.3.2): a client that sends several before the first
     * answer knows them by nothing else.
     *
     * @param resource $client
     */
    private function respondInOrder($client, SplQueue $waiting): void
    {
        while (!$waiting->isEmpty()) {
            $this->respond($client, $waiting->bottom());
            $waiting->dequeue();
        }
    }

    /** @param resource $client */
    private function respond($client, string $head): void
    {
        try {
            $response = ($this->site)(self::requestOf($head));
        } catch (Throwable $e) {
            fwrite(STDERR, "$e\n");
            $response = new Response(500, [], 'error');
        }
        $response = $response->withHeader('Content-Length', (string) $response->getBody()->getSize());
        if (is_resource($client)) {
            @fwrite($client, Message::toString($response));
        }
    }

    private static function requestOf(string $head): ServerRequestInterface
    {
        $plain = Message::parseRequest($head);
        $cookies = [];
        foreach (explode('; ', $plain->getHeaderLine('Cookie')) as $pair) {
            [$name, $value] = explode('=', $pair, 2) + [1 => ''];
            $cookies[$name] = $value;
        }
        return (new ServerRequest($plain->getMethod(), $plain->getUri(), $plain->getHeaders()))
            ->withQueryParams(Query::parse($plain->getUri()->getQuery()))
            ->withCookieParams($cookies);
    }
}
