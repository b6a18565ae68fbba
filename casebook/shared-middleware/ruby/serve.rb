# frozen_string_literal: true

# usage: serve.rb broken|first-fix|mended PORT      (port 0 takes a free one)
# Serves the site with Puma, in threads enough for a round of the driver. TRACKER_COLLECTOR says where events go.
require "puma"
require "puma/configuration"
require "puma/launcher"
require_relative "slow_app"

variant, port = ARGV
require_relative variant.tr("-", "_")
middleware = { "broken" => :Broken, "first-fix" => :FirstFix, "mended" => :Mended }.fetch(variant)
sender = Tracker::Sender.new(ENV.fetch("TRACKER_COLLECTOR", nil))
site = Tracker.const_get(middleware).new(SlowApp, Tracker::Settings.default, sender)

configuration = Puma::Configuration.new do |puma|
  puma.bind "tcp://127.0.0.1:#{port}"
  puma.threads 64, 64
  puma.app site
  puma.environment "production"
  puma.quiet
  puma.raise_exception_on_sigterm false
end

launcher = Puma::Launcher.new(configuration, events: Puma::Events.new(File.open(File::NULL, "w"), $stderr))
launcher.events.on_booted do
  puts "listening on http://127.0.0.1:#{launcher.connected_ports.first}"
  $stdout.flush
end
launcher.run
sender.close
