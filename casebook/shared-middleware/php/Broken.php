<?php

declare(strict_types=1);

use Psr\Http\Message\ResponseInterface;
use Psr\Http\Message\ServerRequestInterface;

/**
 * The visit is a property of the middleware. Where a process serves one request and ends, that is sound. A resident
 * worker has one middleware for all requests, and where one of them waits, others run.
 */
final class Tracking
{
    private ?Visit $visit = null;

    /** @param Closure(ServerRequestInterface): ResponseInterface $next */
    public function process(ServerRequestInterface $request, Closure $next): ResponseInterface
    {
        $this->visit = Visit::of($request);
        $response = $next($request);
        return $this->visit->withCookies($response);
    }

    public function visitOf(ServerRequestInterface $request): Visit
    {
        return $this->visit;
    }
}
