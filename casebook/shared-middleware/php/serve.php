<?php

declare(strict_types=1);

// usage: serve.php broken|mended PORT      (port 0 takes a free one)

require 'Amp/autoload.php';
require 'Amp/Internal/functions.php';
require 'GuzzleHttp/Psr7/autoload.php';
require __DIR__ . '/Visit.php';
require __DIR__ . '/Worker.php';
require __DIR__ . ['broken' => '/Broken.php', 'mended' => '/Mended.php'][$argv[1]];

/** What every page takes, as one that asks a database does. */
const WORK_MILLISECONDS = 10;

$tracking = new Tracking();

$page = static function ($request) use ($tracking) {
    Worker::pause(WORK_MILLISECONDS);
    return $tracking->visitOf($request)->page($request->getUri()->getPath());
};

(new Worker(static fn ($request) => $tracking->process($request, $page)))->serve((int) $argv[2]);
