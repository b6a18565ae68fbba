# frozen_string_literal: true

require "json"
require "net/http"

module Tracker
  # Sends events from a thread of its own, so that no visitor waits for the collector. What is handed over is a
  # block, and it is asked for its event when its turn comes.
  class Sender
    CAPACITY = 10_000
    BATCH = 100

    attr_reader :dropped

    def initialize(collector)
      @collector = collector && URI(collector)
      @waiting = SizedQueue.new(CAPACITY)
      @dropped = 0
      @thread = Thread.new { send_until_closed }
    end

    # A full queue drops the event rather than hold the visitor up.
    def later(&event)
      @waiting.push(event, true)
    rescue ThreadError, ClosedQueueError
      @dropped += 1
    end

    # Sends what is waiting and ends.
    def close
      @waiting.close
      @thread.join
    end

    private

    def send_until_closed
      while (first = @waiting.pop)
        batch = [first]
        batch << @waiting.pop(true) while batch.size < BATCH && !@waiting.empty?
        post(batch)
      end
      @connection&.finish
    end

    def post(batch)
      events = JSON.generate(batch.map(&:call))
      return unless @collector

      answer = connection.post(@collector.path, events, "Content-Type" => "application/json")
      raise "the collector answered #{answer.code}" unless answer.is_a?(Net::HTTPSuccess)
    rescue StandardError => e
      @connection = nil
      @dropped += batch.size
      warn "tracker: #{batch.size} events were lost: #{e.message}"
    end

    def connection
      @connection ||= Net::HTTP.start(@collector.host, @collector.port, open_timeout: 2, read_timeout: 5)
    end
  end
end
