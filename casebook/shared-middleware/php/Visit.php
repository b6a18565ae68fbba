<?php

declare(strict_types=1);

use GuzzleHttp\Psr7\Response;
use Psr\Http\Message\ResponseInterface;
use Psr\Http\Message\ServerRequestInterface;

/** What is known of one request. */
final class Visit
{
    private const LIFETIMES = ['visitor_id' => 2 * 365 * 24 * 60 * 60, 'session_id' => 30 * 60];
    private const ID = '/^[A-Za-z0-9_-]{8,128}$/D';

    private function __construct(
        public readonly string $visitor_id,
        public readonly string $session_id,
        public readonly ?string $campaign,
    ) {
    }

    public static function of(ServerRequestInterface $request): self
    {
        $campaign = $request->getQueryParams()['utm_campaign'] ?? null;
        return new self(
            self::ownOrNew($request, 'visitor_id'),
            self::ownOrNew($request, 'session_id'),
            is_string($campaign) ? $campaign : null,
        );
    }

    /** Whoever brings an id keeps it, whoever does not gets a new one. */
    private static function ownOrNew(ServerRequestInterface $request, string $name): string
    {
        $own = $request->getCookieParams()[$name] ?? '';
        return preg_match(self::ID, $own) ? $own : bin2hex(random_bytes(32));
    }

    /** Tells the browser who it is. */
    public function withCookies(ResponseInterface $response): ResponseInterface
    {
        foreach (self::LIFETIMES as $name => $lifetime) {
            $cookie = "$name={$this->$name}; Path=/; Max-Age=$lifetime; HttpOnly; SameSite=Lax";
            $response = $response->withAddedHeader('Set-Cookie', $cookie);
        }
        return $response;
    }

    /** The page names its visitor. */
    public function page(string $path): ResponseInterface
    {
        $page = ['path' => $path, 'visitor_id' => $this->visitor_id, 'session_id' => $this->session_id,
            'campaign' => $this->campaign];
        return new Response(200, ['Content-Type' => 'application/json'], json_encode($page, JSON_INVALID_UTF8_SUBSTITUTE));
    }
}
