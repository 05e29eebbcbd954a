# Driver for PSOpenAI: Start-ThreadRun, polled and streamed. Needs pwsh; the module is saved by --install.
$ErrorActionPreference = 'Stop'
Import-Module PSOpenAI

function Say($Document) {
    [Console]::Out.WriteLine((ConvertTo-Json -InputObject $Document -Depth 20 -Compress))
    [Console]::Out.Flush()
}

function New-Report {
    @{ status = $null; text = ''; refusal = ''; calls = @(); events = 0; last_error = $null; incomplete = $null }
}

# Notes a run; gives the calls that wait for outputs.
function Add-Run($Report, $Run) {
    $Report.status = [string]$Run.status
    $Report.last_error = $Run.last_error
    $Report.incomplete = $Run.incomplete_details.reason
    $calls = @($Run.required_action.submit_tool_outputs.tool_calls | Where-Object { $_ })
    foreach ($each in $calls) {
        $Report.calls += @{ id = $each.id; name = $each.function.name; arguments = $each.function.arguments }
    }
    , $calls
}

function Start-Task($Task) {
    $common = @{ ApiBase = $Task.base_url; ApiKey = $Task.key; TimeoutSec = $Task.timeout }
    $thread = New-Thread -Messages @(@{ role = 'user'; content = $Task.text }) @common
    $thread, $common
}

function Invoke-Poll($Task, $Report) {
    $thread, $common = Start-Task $Task
    $run = Start-ThreadRun -ThreadId $thread.id -AssistantId $Task.assistant_id @common
    $run = Wait-ThreadRun -ThreadId $thread.id -RunId $run.id @common
    while ($calls = Add-Run $Report $run) {
        $outputs = @($calls | ForEach-Object { @{ tool_call_id = $_.id; output = $Task.output } })
        $run = Submit-ToolOutput -ThreadId $thread.id -RunId $run.id -ToolOutput $outputs @common
        $run = Wait-ThreadRun -ThreadId $thread.id -RunId $run.id @common
    }
    foreach ($message in (Get-ThreadMessage -ThreadId $thread.id -All -Order asc @common)) {
        if ($message.role -ne 'assistant') { continue }
        foreach ($part in $message.content) {
            if ($part.type -eq 'text') { $Report.text += $part.text.value }
            if ($part.type -eq 'refusal') { $Report.refusal += $part.refusal }
        }
    }
}

# The cmdlet prints texts and nothing else: the run is asked for afterwards.
function Invoke-Stream($Task, $Report) {
    $thread, $common = Start-Task $Task
    $pieces = @(Start-ThreadRun -ThreadId $thread.id -AssistantId $Task.assistant_id -Stream @common 6>$null)
    $Report.events = $pieces.Count
    $Report.text = -join $pieces
    $run = Get-ThreadRun -ThreadId $thread.id -Limit 1 @common | Select-Object -First 1
    $null = Add-Run $Report $run
}

Say @{ hello = @{ client = 'psopenai'; version = [string](Get-Module PSOpenAI).Version; uses = @('poll', 'stream') } }
while ($null -ne ($line = [Console]::In.ReadLine())) {
    $task = ConvertFrom-Json $line -AsHashtable
    $report = New-Report
    try {
        switch ($task.use) {
            'poll' { Invoke-Poll $task $report; $report.outcome = 'ended' }
            'stream' { Invoke-Stream $task $report; $report.outcome = 'ended' }
            default { $report = @{ outcome = 'unsupported' } }
        }
    }
    catch {
        [Console]::Error.WriteLine($_)
        $status = $_.Exception.Response.StatusCode
        $report.outcome = 'error'
        $report.error = @{
            class = $_.Exception.GetType().Name; message = [string]$_; code = $null; param = $null
            status = if ($status) { [int]$status } else { $null }
        }
    }
    $report.task = $task.task
    Say $report
}
