# frozen_string_literal: true

require_relative "site"

# The test that the first mending lacked: fifty visitors at the same time, and an application that takes a while.
class ConcurrentTest < Minitest::Test
  VISITORS = 50

  # All but one: whoever came last finds its own ids in the variables. A busy machine may spread the arrivals over
  # more than the application's ten milliseconds; then a few more are right.
  NEARLY_ALL = 40..50

  def test_with_kept_ids_nearly_all_get_somebody_elses = assert_includes(NEARLY_ALL, wrong_answers(Tracker::Broken))

  def test_with_the_first_mending_nearly_all_still_do = assert_includes(NEARLY_ALL, wrong_answers(Tracker::FirstFix))

  def test_with_an_object_for_each_request_nobody_does = assert_equal(0, wrong_answers(Tracker::Mended))

  private

  def wrong_answers(middleware)
    site = Site.new(middleware)
    asked = Array.new(VISITORS) { |n| { "visitor_id" => "visitor-#{n}", "session_id" => "session-#{n}" } }
    answers = asked.map { |own| Thread.new { site.get("/", own).cookies } }.map(&:value)
    asked.zip(answers).count { |own, given| own != given }
  end
end
