# Asks for each URL by Net::HTTP, and prints the answers.
require "net/http"

ARGV.each { |url| print Net::HTTP.get(URI(url)) }
