<?php

declare(strict_types=1);

use Psr\Http\Message\ResponseInterface;
use Psr\Http\Message\ServerRequestInterface;

/** The visit is an attribute of the request. */
final class Tracking
{
    /** @param Closure(ServerRequestInterface): ResponseInterface $next */
    public function process(ServerRequestInterface $request, Closure $next): ResponseInterface
    {
        $visit = Visit::of($request);
        return $visit->withCookies($next($request->withAttribute(Visit::class, $visit)));
    }

    public function visitOf(ServerRequestInterface $request): Visit
    {
        return $request->getAttribute(Visit::class);
    }
}
