# frozen_string_literal: true

require "json"
require "minitest/autorun"
require_relative "../broken"
require_relative "../first_fix"
require_relative "../mended"
require_relative "../slow_app"

# One middleware before one application, as a server has it, and what a browser needs to ask it.
class Site
  # A sender that keeps its blocks, to be called when a test says so.
  class Outbox
    def initialize = @waiting = Queue.new

    def later(&event) = @waiting << event

    def events = Array.new(@waiting.size) { @waiting.pop.call }
  end

  Answer = Struct.new(:status, :page, :cookies)

  attr_reader :outbox

  def initialize(middleware, app = SlowApp)
    @outbox = Outbox.new
    @middleware = middleware.new(app, Tracker::Settings.default, @outbox)
  end

  def get(path = "/", cookies = {}, headers = {})
    cookie = cookies.map { |name, value| "#{name}=#{value}" }.join("; ")
    status, answered, body = @middleware.call(Rack::MockRequest.env_for(path, { "HTTP_COOKIE" => cookie }.merge(headers)))
    Answer.new(status, JSON.parse(body.join), cookies_in(answered))
  end

  private

  def cookies_in(headers)
    headers["Set-Cookie"].to_s.lines.to_h { |line| line[/\A[^;]*/].split("=", 2) }
  end
end
