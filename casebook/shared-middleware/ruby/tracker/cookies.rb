# frozen_string_literal: true

require "rack"
require "securerandom"

module Tracker
  # The two cookies. Whoever brings a value that could be an id keeps it, whoever does not gets a new one.
  module Cookies
    VISITOR = "visitor_id"
    SESSION = "session_id"
    ID = /\A[A-Za-z0-9_-]{8,128}\z/

    module_function

    def new_id = SecureRandom.hex(32)

    def read(request, name)
      value = request.cookies[name]
      value if value&.match?(ID)
    end

    # The session cookie lives until the timeout. As every answer sets it again, the timeout slides.
    def write(headers, settings, visitor_id, session_id, secure)
      attributes = { path: "/", httponly: true, same_site: :lax, secure: secure }
      Rack::Utils.set_cookie_header!(headers, VISITOR,
                                     attributes.merge(value: visitor_id, max_age: settings.visitor_lifetime.to_s))
      Rack::Utils.set_cookie_header!(headers, SESSION,
                                     attributes.merge(value: session_id, max_age: settings.session_timeout.to_s))
    end
  end
end
