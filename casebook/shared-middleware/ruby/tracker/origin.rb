# frozen_string_literal: true

require "uri"

module Tracker
  # Where a visit came from: the campaign's parameters, and the page that linked here if it is not our own.
  module Origin
    PARAMETERS = %w[utm_source utm_medium utm_campaign utm_term utm_content].freeze

    module_function

    def of(request)
      origin = request.GET.slice(*PARAMETERS).select { |_, value| value.is_a?(String) && !value.empty? }
      referrer = request.referer
      origin["referrer"] = referrer if referrer && foreign?(referrer, request.host)
      origin
    end

    def foreign?(referrer, host)
      URI.parse(referrer).host != host
    rescue URI::InvalidURIError
      false
    end
  end
end
