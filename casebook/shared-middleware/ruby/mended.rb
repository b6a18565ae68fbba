# frozen_string_literal: true

require "rack"
require "time"
require_relative "tracker"

module Tracker
  # The middleware mended: it keeps nothing but what all requests have in common, and is frozen, so that an instance
  # variable that somebody adds later fails at the first request.
  class Mended
    # What is known of one request. It is complete before anybody else sees it, and does not change.
    class Visit
      attr_reader :visitor_id, :session_id, :origin

      def initialize(env)
        request = Rack::Request.new(env)
        session = Cookies.read(request, Cookies::SESSION)
        @visitor_id = Cookies.read(request, Cookies::VISITOR) || Cookies.new_id
        @session_id = session || Cookies.new_id
        @began = session.nil?
        @origin = Origin.of(request).freeze
        @url = request.url
        @secure = request.ssl?
        freeze
      end

      def began? = @began

      def secure? = @secure

      def event
        { type: "session_started", visitor_id: visitor_id, session_id: session_id, url: @url,
          at: Time.now.utc.iso8601(3), **origin }
      end
    end

    def initialize(app, settings, sender)
      @app = app
      @settings = settings
      @sender = sender
      freeze
    end

    def call(env)
      return @app.call(env) if @settings.skips?(env["PATH_INFO"])

      visit = Visit.new(env)
      env[VISITOR_KEY] = visit.visitor_id
      env[SESSION_KEY] = visit.session_id
      env[ORIGIN_KEY] = visit.origin
      @sender.later { visit.event } if visit.began?
      status, headers, body = @app.call(env)
      Cookies.write(headers, @settings, visit.visitor_id, visit.session_id, visit.secure?)
      [status, headers, body]
    end
  end
end
