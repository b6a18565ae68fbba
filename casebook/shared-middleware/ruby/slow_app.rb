# frozen_string_literal: true

require "json"
require_relative "tracker"

# The site: every page takes ten milliseconds, as one that asks a database does, and names the visitor.
module SlowApp
  WORK = 0.010

  module_function

  def call(env)
    sleep WORK
    page = { path: env["PATH_INFO"], visitor_id: env[Tracker::VISITOR_KEY], session_id: env[Tracker::SESSION_KEY],
             campaign: env.dig(Tracker::ORIGIN_KEY, "utm_campaign"), referrer: env.dig(Tracker::ORIGIN_KEY, "referrer") }
    [200, { "Content-Type" => "application/json" }, [JSON.generate(page)]]
  end
end
