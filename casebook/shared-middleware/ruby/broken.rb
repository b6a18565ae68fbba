# frozen_string_literal: true

require "rack"
require "time"
require_relative "tracker"

module Tracker
  # The middleware as it was first released. It reads like any small Ruby class: what is costly or random is computed
  # once and kept in an instance variable. But Rack builds one instance per server, not per request.
  class Broken
    def initialize(app, settings, sender)
      @app = app
      @settings = settings
      @sender = sender
    end

    def call(env)
      return @app.call(env) if @settings.skips?(env["PATH_INFO"])

      @request = Rack::Request.new(env)
      env[VISITOR_KEY] = visitor_id
      env[SESSION_KEY] = session_id
      env[ORIGIN_KEY] = origin
      announce_session if session_began?
      status, headers, body = @app.call(env)
      Cookies.write(headers, @settings, visitor_id, session_id, @request.ssl?)
      [status, headers, body]
    end

    private

    def visitor_id = @visitor_id ||= Cookies.read(@request, Cookies::VISITOR) || Cookies.new_id

    def session_id = @session_id ||= Cookies.read(@request, Cookies::SESSION) || Cookies.new_id

    def origin = @origin ||= Origin.of(@request)

    def session_began? = Cookies.read(@request, Cookies::SESSION).nil?

    # The sender's thread calls the block later, when other requests have come by.
    def announce_session
      @sender.later do
        { type: "session_started", visitor_id: visitor_id, session_id: session_id, url: @request.url,
          at: Time.now.utc.iso8601(3), **origin }
      end
    end
  end
end
