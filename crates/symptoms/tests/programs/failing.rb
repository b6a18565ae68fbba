# Fails in the way that its argument names.
class Rejected < StandardError; end

class Book
  def initialize = @orders = {}

  def total(name) = @orders[name].fetch(:total)
end

def chained
  Book.new.total("none")
rescue NoMethodError
  raise Rejected, "order 17"
end

def each_order
  [17].each { |order| raise ArgumentError, "order #{order}\nis not paid" }
end

case ARGV[0]
when "nil" then Book.new.total("none")
when "chained" then chained
when "block" then each_order
when "thread"
  worker = Thread.new { Book.new.total("none") }
  sleep 0.2
  worker.join
when "deadlock" then Thread.new { Thread.stop }.join
when "deep"
  def deep(n) = deep(n + 1)
  deep(0)
when "crash" then Process.kill(:SEGV, $$); sleep 1
end
