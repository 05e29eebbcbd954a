#!/usr/bin/perl
# A driver in a language that has none yet: what the line protocol asks for, and no more. Perl and its own modules.
use strict;
use warnings;
use HTTP::Tiny;
use JSON::PP;
use Time::HiRes 'sleep';

my $json = JSON::PP->new->canonical;    # reads and writes UTF-8 only where `utf8` is asked for
$| = 1;

sub say_line { print $json->ascii->encode($_[0]), "\n" }

# One request; dies with what a user of this client sees of an error.
sub call {
    my ($task, $method, $path, $body) = @_;
    my $http = HTTP::Tiny->new(timeout => $task->{timeout});
    my %headers = (Authorization => "Bearer $task->{key}", 'OpenAI-Beta' => 'assistants=v2');
    my %asked = (headers => \%headers);
    if ($body) {
        $headers{'Content-Type'} = 'application/json';
        $asked{content} = JSON::PP->new->utf8->encode($body);
    }
    my $answer = $http->request($method, $task->{base_url} . $path, \%asked);
    my $read = eval { JSON::PP->new->utf8->decode($answer->{content}) };
    return $read if $answer->{success} && $read;
    my $error = ref $read eq 'HASH' && ref $read->{error} eq 'HASH' ? $read->{error} : {};
    die {
        class => 'HTTPError', status => $answer->{status} + 0, message => $error->{message} // $answer->{reason},
        code => $error->{code}, param => $error->{param},
    };
}

sub poll {
    my ($task, $report) = @_;
    my $messages = [{ role => 'user', content => $task->{text} }];
    my $thread = call($task, 'POST', '/threads', { messages => $messages })->{id};
    my %asked = (assistant_id => $task->{assistant_id});
    $asked{tools} = $task->{tools} if @{ $task->{tools} // [] };
    my $run = call($task, 'POST', "/threads/$thread/runs", \%asked);
    my $path = "/threads/$thread/runs/$run->{id}";
    while ($run->{status} =~ /^(queued|in_progress|cancelling|requires_action)$/) {
        if ($run->{status} eq 'requires_action') {
            my @calls = @{ $run->{required_action}{submit_tool_outputs}{tool_calls} };
            push @{ $report->{calls} },
                map { { id => $_->{id}, name => $_->{function}{name}, arguments => $_->{function}{arguments} } } @calls;
            my @outputs = map { { tool_call_id => $_->{id}, output => $task->{output} } } @calls;
            $run = call($task, 'POST', "$path/submit_tool_outputs", { tool_outputs => \@outputs });
            next;
        }
        sleep 0.02;
        $run = call($task, 'GET', $path);
    }
    $report->{status} = $run->{status};
    $report->{last_error} = $run->{last_error};
    $report->{incomplete} = ($run->{incomplete_details} // {})->{reason};
    for my $message (@{ call($task, 'GET', "/threads/$thread/messages?order=asc")->{data} }) {
        next if $message->{role} ne 'assistant';
        for my $part (@{ $message->{content} }) {
            $report->{text} .= $part->{text}{value} if $part->{type} eq 'text';
            $report->{refusal} .= $part->{refusal} if $part->{type} eq 'refusal';
        }
    }
}

say_line({ hello => { client => 'perl', version => "$]", uses => ['poll'] } });
while (my $line = <STDIN>) {
    my $task = JSON::PP->new->utf8->decode($line);
    my %report = (
        task => $task->{task}, outcome => 'ended', text => '', refusal => '', calls => [], events => 0,
        status => undef, last_error => undef, incomplete => undef,
    );
    if ($task->{use} ne 'poll') { $report{outcome} = 'unsupported' }
    elsif (!eval { poll($task, \%report); 1 }) {
        $report{outcome} = 'error';
        $report{error} = ref $@ ? $@ : { class => 'die', message => "$@", status => undef, code => undef, param => undef };
    }
    say_line(\%report);
}
